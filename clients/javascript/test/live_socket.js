/** WeChat's SocketTask over a plain TCP connection: text frames, as long as a test needs them. */
'use strict'

const crypto = require('node:crypto')
const net = require('node:net')

class LiveSocket {
  constructor({ url, header }) {
    const { hostname, port, pathname, search } = new URL(url)
    this.heard = { open: [], message: [], close: [], error: [] }
    this.rest = Buffer.alloc(0)
    this.isOpen = false
    this.tcp = net.connect(Number(port || 80), hostname, () => {
      const lines = [
        `GET ${pathname}${search} HTTP/1.1`,
        `Host: ${hostname}:${port}`,
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        `Sec-WebSocket-Key: ${crypto.randomBytes(16).toString('base64')}`,
        ...Object.keys(header || {}).map((name) => `${name}: ${header[name]}`),
      ]
      this.tcp.write(`${lines.join('\r\n')}\r\n\r\n`)
    })
    this.tcp.on('data', (bytes) => this.read(bytes))
    this.tcp.on('error', (error) => this.tell('error', { errMsg: error.message }))
    this.tcp.on('close', () => this.tell('close', {}))
  }

  onOpen(callback) { this.heard.open.push(callback) }
  onMessage(callback) { this.heard.message.push(callback) }
  onClose(callback) { this.heard.close.push(callback) }
  onError(callback) { this.heard.error.push(callback) }

  tell(what, value) {
    for (const callback of this.heard[what]) callback(value)
  }

  read(bytes) {
    this.rest = Buffer.concat([this.rest, bytes])
    if (!this.isOpen) {
      const end = this.rest.indexOf('\r\n\r\n')
      if (end < 0) return
      if (!/^HTTP\/1\.1 101/.test(this.rest.toString())) return this.tcp.destroy()
      this.rest = this.rest.subarray(end + 4)
      this.isOpen = true
      this.tell('open', {})
    }
    for (let frame; (frame = readFrame(this.rest)); ) {
      this.rest = this.rest.subarray(frame.length)
      if (frame.code === 1) this.tell('message', { data: frame.data.toString() })
      if (frame.code === 8) this.tcp.end()
      if (frame.code === 9) this.tcp.write(writeFrame(10, frame.data, true))
    }
  }

  send({ data }) {
    this.tcp.write(writeFrame(1, Buffer.from(data), true))
  }

  close() {
    this.tcp.end(writeFrame(8, Buffer.alloc(0), true))
  }
}

/** :return: {code, data, length} of the frame that the bytes begin with, or null */
function readFrame(bytes) {
  if (bytes.length < 2) return null
  const isMasked = bytes[1] & 128
  let size = bytes[1] & 127
  let start = 2
  if (size === 126) {
    if (bytes.length < 4) return null
    size = bytes.readUInt16BE(2)
    start = 4
  }
  const mask = isMasked ? bytes.subarray(start, start + 4) : null
  if (mask) start += 4
  if (bytes.length < start + size) return null
  const data = Buffer.from(bytes.subarray(start, start + size))
  if (mask) data.forEach((byte, index) => (data[index] = byte ^ mask[index % 4]))
  return { code: bytes[0] & 15, data, length: start + size }
}

function writeFrame(code, data, isMasked) {
  const size = data.length
  const long = size > 125
  const head = Buffer.alloc(long ? 4 : 2)
  head[0] = 128 | code
  head[1] = (isMasked ? 128 : 0) | (long ? 126 : size)
  if (long) head.writeUInt16BE(size, 2)
  // A mask of zeros leaves the data as they are.
  return Buffer.concat(isMasked ? [head, Buffer.alloc(4), data] : [head, data])
}

module.exports = { LiveSocket, readFrame, writeFrame }
