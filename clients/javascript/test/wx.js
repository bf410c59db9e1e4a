/**
 * A `wx` for Node: real HTTP, and as strict as WeChat's where that matters.
 *
 * `trips(options)` may say for a request: 'lost' (it never leaves), 'answer lost' (the server acts,
 * the phone hears nothing), or nothing.
 */
'use strict'

const http = require('node:http')
const { LiveSocket } = require('./live_socket')

const METHODS = ['OPTIONS', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'TRACE', 'CONNECT']

function createWx({ name = 'Ann', cookie = '', trips = () => null } = {}) {
  const storage = {}
  const wx = {
    logins: 0,
    requests: [],
    payments: [],
    trips,
    files: {},

    request(options) {
      const method = options.method || 'GET'
      if (!METHODS.includes(method)) throw new Error(`wx.request has no ${method}`)
      const header = Object.assign({ 'content-type': 'application/json' }, options.header)
      for (const key of Object.keys(header)) {
        if (key.toLowerCase() === 'content-type') header['content-type'] = header[key]
        if (/^referer$/i.test(key)) throw new Error('Referer cannot be set')
      }
      if (cookie) header.Cookie = cookie
      wx.requests.push(Object.assign({}, options, { method }))
      const trip = wx.trips(options)
      const fail = () => options.fail && options.fail({ errMsg: 'request:fail timeout' })
      if (trip === 'lost') return setImmediate(fail)
      const isRaw = options.data instanceof ArrayBuffer
      let body = null
      if (isRaw) body = Buffer.from(options.data)
      else if (options.data !== undefined && method !== 'GET') body = JSON.stringify(options.data)
      const asked = http.request(options.url, { method, headers: header }, (response) => {
        const parts = []
        response.on('data', (part) => parts.push(part))
        response.on('end', () => {
          if (trip === 'answer lost') return fail()
          const text = Buffer.concat(parts).toString()
          let data = text
          try {
            data = JSON.parse(text)
          } catch (error) {
            // As WeChat does: what is no JSON stays text.
          }
          // WeChat hands on the header names as they came, whatever their case.
          const names = response.rawHeaders.filter((_name, index) => index % 2 === 0)
          const answered = {}
          for (const each of names) answered[each] = response.headers[each.toLowerCase()]
          options.success({ data, statusCode: response.statusCode, header: answered })
        })
      })
      asked.on('error', fail)
      asked.end(body)
    },

    login({ success }) {
      wx.logins += 1
      setImmediate(() => success({ code: `demo:${name}` }))
    },

    requestPayment(options) {
      wx.payments.push(options)
      setImmediate(() => options.fail({ errMsg: 'requestPayment:fail cancel' }))
    },

    getFileSystemManager: () => ({
      readFile({ filePath, success, fail }) {
        const bytes = wx.files[filePath]
        if (!bytes) return fail({ errMsg: 'readFile:fail no such file' })
        success({ data: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) })
      },
    }),

    connectSocket: (options) => new LiveSocket(options),

    getStorageSync: (key) => (key in storage ? JSON.parse(storage[key]) : ''),
    setStorageSync(key, value) {
      storage[key] = JSON.stringify(value)
    },
    removeStorageSync(key) {
      delete storage[key]
    },
  }
  return wx
}

/** What a condition comes to be, or an error after a while. */
async function until(good, what, milliseconds = 15000) {
  const end = Date.now() + milliseconds
  for (;;) {
    const value = await good()
    if (value) return value
    if (Date.now() > end) throw new Error(`in vain: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

module.exports = { createWx, until }
