/**
 * A Pinbu shop for a WeChat mini-program: copy this one file, see the README beside it.
 *
 * Every call gives a promise, rejected with a PinbuError. No operation acts twice: what is tried
 * again carries the same Idempotency-Key.
 */
'use strict'

const BASE = '/pinbu/api/v1'
const TRIES = 5
const LONGEST_WAIT = 10 * 1000
const HOUR = 3600 * 1000
const RENEW_BEFORE = 7 * 24 * HOUR

// How often a team is looked at: without pushed news, and with them.
const POLL = 2000
const POLL_BESIDE_LIVE = 20 * 1000
// A proxy may keep a team's page for a second: what is asked for sooner may be older than the news.
const AFTER_NEWS = 1200
const SPREAD = 2000
const LONGEST_POLL = 30 * 1000

// What any caller may read, logged in or not, and what needs a shopper. Path parameters are
// positional; then comes an object: the query of a GET, the body of everything else.
const OPEN = {
  config: 'GET /config',
  home: 'GET /home',
  scene: 'GET /scenes/{scene}',
  health: 'GET /health',
  activities: 'GET /activities',
  activity: 'GET /activities/{id}',
  reviews: 'GET /activities/{id}/reviews',
  joinableTeams: 'GET /activities/{id}/teams',
  team: 'GET /teams/{token}',
  members: 'GET /teams/{token}/members',
  rankings: 'GET /rankings',
  reportEvents: 'POST /events',
}
const OWN = {
  me: 'GET /me',
  // wx.request has no PATCH; the shop takes a POST for it.
  changeMe: 'POST /me',
  deleteMe: 'DELETE /me',
  requestExport: 'POST /me/export',
  lastExport: 'GET /me/export',
  appeal: 'POST /me/appeals',
  appeals: 'GET /me/appeals',
  giveIdentity: 'POST /me/identity',
  counts: 'GET /me/counts',
  notices: 'GET /me/notices',
  readNotices: 'POST /me/notices/read',
  subscribe: 'POST /me/subscriptions',
  addresses: 'GET /me/addresses',
  addAddress: 'POST /me/addresses',
  changeAddress: 'PUT /me/addresses/{id}',
  removeAddress: 'DELETE /me/addresses/{id}',
  quote: 'POST /orders/quote',
  placeOrder: 'POST /orders',
  startPayment: 'POST /orders/{id}/payment',
  refreshPayment: 'POST /orders/{id}/payment/refresh',
  order: 'GET /orders/{id}',
  orders: 'GET /orders',
  cancelOrder: 'POST /orders/{id}/cancel',
  leaveTeam: 'POST /orders/{id}/leave',
  receiveOrder: 'POST /orders/{id}/receive',
  returnOrder: 'POST /orders/{id}/returns',
  returns: 'GET /me/returns',
  oneReturn: 'GET /me/returns/{id}',
  cancelReturn: 'POST /me/returns/{id}/cancel',
  shareTeam: 'POST /teams/{token}/share',
  myTeams: 'GET /me/teams',
  subsidies: 'GET /me/subsidies',
  coupons: 'GET /me/coupons',
  points: 'GET /me/points',
  wallet: 'GET /me/wallet',
  walletEntries: 'GET /me/wallet/entries',
  withdraw: 'POST /me/withdrawals',
  withdrawals: 'GET /me/withdrawals',
  withdrawal: 'GET /me/withdrawals/{id}',
  cancelWithdrawal: 'POST /me/withdrawals/{id}/cancel',
  refreshWithdrawal: 'POST /me/withdrawals/{id}/refresh',
  invites: 'GET /me/invites',
  ownScene: 'GET /me/invites/scene',
}
// Posts that take no key: they change nothing that a repetition would spoil.
const KEYLESS = ['quote', 'reportEvents']

const SORRY = {
  'zh-CN': { no_answer: '网络不给力，请稍后再试。', payment_cancelled: '支付已取消。' },
  en: { no_answer: 'No connection. Please try again.', payment_cancelled: 'Payment cancelled.' },
}

/**
 * Why a call did not work. `code` is the API's, or one of ours: `no_answer`, `payment_cancelled`
 * (both with status 0), `wx_failed` (what WeChat refused, with its words in `details`). `message`
 * is for the shopper. `retryAfter` is in seconds, or null.
 */
class PinbuError extends Error {
  constructor(status, code, message, details, requestId, retryAfter) {
    super(message)
    this.name = 'PinbuError'
    this.status = status
    this.code = code
    this.details = details === undefined ? null : details
    this.requestId = requestId || null
    this.retryAfter = retryAfter === undefined ? null : retryAfter
  }
}

/** The shop's time, whatever the phone's clock says. */
class Clock {
  constructor(now) {
    this.now = now
    this.offset = null
  }

  sync(text) {
    const offset = Date.parse(text) - this.now()
    if (Number.isNaN(offset)) return
    // Answers come late, never early: the one that is furthest ahead is right, unless the phone's
    // clock was changed since.
    if (this.offset === null || offset > this.offset || offset < this.offset - 3000) {
      this.offset = offset
    }
  }

  time() {
    return this.now() + (this.offset || 0)
  }
}

class Pinbu {
  /**
   * @param {string} options.site the shop's address, such as https://shop.example.com
   * @param {string} [options.language] zh-CN or en
   * @param {string} [options.deviceId] what tells this phone from others
   * @param {object} [options.wx] another wx
   * @param {function} [options.now] the phone's clock, in milliseconds
   */
  constructor(options) {
    this.site = options.site.replace(/\/+$/, '')
    this.language = options.language || 'zh-CN'
    this.deviceId = options.deviceId || null
    this.wx = options.wx || wx
    this.clock = new Clock(options.now || Date.now)
    this.inviter = null
    this._storageKey = `pinbu:${this.site}`
    this._session = this.wx.getStorageSync(this._storageKey) || null
    this._loggingIn = null
    this._renewing = null
    this._renewAgainAt = 0
  }

  // === SESSION ===

  /** The shopper who is logged in, or null. */
  get customer() {
    return this._session && this._session.customer
  }

  /**
   * Remember who shared what brought the shopper here; log-in and orders then say so.
   *
   * @param {object} launch what App.onLaunch, App.onShow or Page.onLoad are given
   * @returns {string|null} the scene, for `scene(...)`
   */
  cameBy(launch) {
    const query = (launch && launch.query) || launch || {}
    if (typeof query.scene !== 'string') return null
    // A scanned code arrives with its scene encoded.
    this.inviter = decodeURIComponent(query.scene)
    return this.inviter
  }

  /**
   * Calls log in by themselves. Call this to give the shopper's consent, when one was rejected
   * with `consent_required`.
   *
   * @param {string} [consentVersion] of `config()`, as the shopper accepted it
   * @returns {Promise<object>} the customer
   */
  logIn(consentVersion) {
    if (!this._loggingIn) {
      const over = () => {
        this._loggingIn = null
      }
      this._loggingIn = this._logIn(consentVersion)
      this._loggingIn.then(over, over)
    }
    return this._loggingIn
  }

  async _logIn(consentVersion) {
    this._forget()
    for (let left = TRIES - 1; ; left--) {
      // A code of wx.login serves once: each try takes a new one.
      const { code } = await this._wx('login', {})
      const data = given({
        code,
        inviter: this.inviter,
        consent_version: consentVersion,
        device_id: this.deviceId,
      })
      try {
        const answer = await this._ask('POST', '/session', { data, tries: 1 })
        return this._keep(answer.data).customer
      } catch (error) {
        if (!left || !passes(error)) throw error
        await sleep(pause(error, TRIES - 1 - left))
      }
    }
  }

  /** The token is dead at once. */
  async logOut() {
    try {
      if (this._session) await this._ask('DELETE', '/session', {})
    } catch (error) {
      if (error.code !== 'unauthenticated') throw error
    }
    this._forget()
  }

  _keep(session) {
    this._session = session
    this.wx.setStorageSync(this._storageKey, session)
    return session
  }

  _forget() {
    this._session = null
    this.wx.removeStorageSync(this._storageKey)
  }

  /** A new token before the old one ends; as long as that holds, no call suffers if it fails. */
  _renewInTime() {
    const session = this._session
    const now = this.clock.time()
    const soon = session && Date.parse(session.expires_at) - now < RENEW_BEFORE
    if (!this._renewing && soon && now >= this._renewAgainAt) {
      this._renewAgainAt = now + HOUR
      const over = () => {
        this._renewing = null
      }
      this._renewing = this._ask('POST', '/session/renew', { data: {}, tries: 1 })
        .then((answer) => {
          if (this._session === session) this._keep(answer.data)
        })
        .then(over, over)
    }
    return this._renewing || Promise.resolve()
  }

  // === CALLS ===

  /**
   * Any operation, also one that has no method here.
   *
   * @param {string} method GET, POST, PUT or DELETE
   * @param {string} path below /pinbu/api/v1
   * @param {object} [options.query] what is null or undefined is left out
   * @param {object|ArrayBuffer} [options.data] the body
   * @param {object} [options.header] further headers
   * @param {string} [options.key] the Idempotency-Key
   * @param {string} [options.etag] of the answer that is there already
   * @param {boolean} [options.open] whether it answers without a shopper too
   * @param {number} [options.tries] at most, where nobody answers
   * @returns {Promise<{status, header, data}>} header names are in lower case; data is null for
   *   204, and for 304: nothing has changed
   */
  async request(method, path, options) {
    const wish = options || {}
    if (!this._session && !wish.open) await this.logIn()
    await this._renewInTime()
    const used = this._session
    try {
      return await this._ask(method, path, wish)
    } catch (error) {
      if (error.code !== 'unauthenticated') throw error
    }
    // Expired or revoked. Several calls may find out at once; one of them logs in.
    if (this._session === used) this._forget()
    try {
      if (!this._session) await this.logIn()
    } catch (error) {
      if (!wish.open) throw error
    }
    return this._ask(method, path, wish)
  }

  async _ask(method, path, wish) {
    for (let tried = 0; ; tried++) {
      let trouble
      try {
        const answer = await this._send(method, path, wish)
        if (answer.status < 400) return answer
        trouble = this._refusal(answer)
      } catch (failed) {
        trouble = this._sorry('no_answer', failed)
      }
      const wait = pause(trouble, tried)
      if (tried + 1 >= (wish.tries || TRIES) || !passes(trouble) || wait > LONGEST_WAIT) {
        throw trouble
      }
      await sleep(wait)
    }
  }

  /** One request. */
  async _send(method, path, wish) {
    const header = Object.assign({ 'Accept-Language': this.language }, wish.header)
    if (this._session) header.Authorization = `Bearer ${this._session.token}`
    if (wish.key) header['Idempotency-Key'] = wish.key
    if (wish.etag) header['If-None-Match'] = wish.etag
    const asked = { url: this.site + BASE + path + queryOf(wish.query), method, header }
    if (wish.data !== undefined) asked.data = wish.data
    const result = await promised(this.wx, 'request', asked)
    const answer = { status: result.statusCode, header: lowered(result.header), data: null }
    if (isObject(result.data)) answer.data = result.data
    this.clock.sync((answer.data && answer.data.server_time) || answer.header.date)
    return answer
  }

  _refusal(answer) {
    const error = answer.data && answer.data.error
    // Whoever answers in another shape is a proxy: the API itself was not reached.
    if (!error || !error.code) return this._sorry('no_answer', answer.status)
    const header = answer.header
    const seconds = /^\d+$/.test(header['retry-after']) ? Number(header['retry-after']) : null
    const { code, message, details } = error
    return new PinbuError(
      answer.status, code, message, details, header['x-request-id'], seconds
    )
  }

  _sorry(code, details) {
    const words = SORRY[this.language] || SORRY.en
    return new PinbuError(0, code, words[code], details)
  }

  async _wx(name, options) {
    try {
      return await promised(this.wx, name, options)
    } catch (failed) {
      const words = (failed && failed.errMsg) || String(failed)
      throw new PinbuError(0, 'wx_failed', words, failed)
    }
  }

  // === WHAT TAKES MORE THAN ONE CALL ===

  /** The address of a team's poster, for an <image> or wx.downloadFile. */
  posterUrl(token, scene) {
    return `${this.site}${BASE}/teams/${encodeURIComponent(token)}/poster.png${queryOf({ scene })}`
  }

  /** @param {string} path of a picture, as the button with open-type chooseAvatar gives it */
  async setAvatar(path) {
    const { data } = await this._wx('getFileSystemManager().readFile', { filePath: path })
    const header = { 'content-type': pictureType(new Uint8Array(data)) }
    const answer = await this.request('POST', '/me/avatar', { data, header, key: newKey() })
    return answer.data
  }

  /**
   * Pay an order, with whatever provider the shop has.
   *
   * @returns {Promise<object>} the Order; still `unpaid` where the provider's word takes long
   */
  async pay(orderId) {
    const payment = await this.startPayment(orderId)
    if (payment.status !== 'paid') {
      if (payment.provider === 'demo') await this._payForShow(payment.reference)
      else await this._payByWeChat(payment.params)
    }
    let order = await this.refreshPayment(orderId)
    for (let tried = 0; order.state === 'unpaid' && tried < 5; tried++) {
      await sleep(500 * 2 ** tried)
      order = await this.order(orderId)
    }
    return order
  }

  async _payByWeChat(params) {
    try {
      await this._wx('requestPayment', params)
    } catch (error) {
      throw /cancel/.test(error.message) ? this._sorry('payment_cancelled') : error
    }
  }

  /** A demo shop's provider is told what its payment page would tell it. */
  async _payForShow(reference) {
    await this._wx('request', {
      url: `${this.site}/payment/demo/simulate_payment`,
      method: 'POST',
      data: {
        jsonrpc: '2.0',
        method: 'call',
        params: { reference, payment_details: '1234', simulated_state: 'done' },
      },
    })
  }

  /** @returns {Promise<object>} the Withdrawal, after the shopper confirmed it in WeChat */
  async confirmWithdrawal(withdrawal) {
    await this._wx('requestMerchantTransfer', withdrawal.confirm)
    return this.refreshWithdrawal(withdrawal.id)
  }

  // === LIVE ===

  /**
   * Count down to a moment of the shop's, once a second.
   *
   * @param {string} until such as `team.deadline`
   * @param {function} show called with {hours, minutes, seconds, over}
   * @returns {function} stops it: call it in onHide and onUnload
   */
  countdown(until, show) {
    const end = Date.parse(until)
    let timer = null
    const tick = () => {
      const left = Math.max(0, end - this.clock.time())
      const seconds = Math.ceil(left / 1000)
      // Right after the second has turned: timers may be early by a millisecond.
      if (left) timer = setTimeout(tick, (left % 1000) + 10)
      show({
        hours: Math.floor(seconds / 3600),
        minutes: Math.floor(seconds / 60) % 60,
        seconds: seconds % 60,
        over: !left,
      })
    }
    tick()
    return () => clearTimeout(timer)
  }

  /**
   * Show a team now and whenever something about it changes, until it is over: by pushed news
   * where the shop has them, and by looking every two seconds where it has not.
   *
   * @param {function} show called with the Team
   * @param {function} [fail] called with a PinbuError for each look that failed; looking goes on,
   *   except for `not_found`
   * @returns {function} stops it: call it in onHide and onUnload
   */
  watchTeam(token, show, fail) {
    const watch = new Watch(this, token, show, fail || (() => {}))
    watch.look()
    return () => watch.stop()
  }
}

class Watch {
  constructor(shop, token, show, fail) {
    Object.assign(this, { shop, token, show, fail })
    this.team = null
    this.etag = null
    this.timer = null
    this.socket = null
    this.listenAgainAt = 0
    this.failures = 0
    this.isLooking = false
    this.isOver = false
  }

  stop() {
    this.isOver = true
    clearTimeout(this.timer)
    if (this.socket) this.socket.close({})
    this.socket = null
  }

  lookIn(milliseconds) {
    clearTimeout(this.timer)
    if (!this.isOver) this.timer = setTimeout(() => this.look(), milliseconds)
  }

  async look() {
    if (this.isLooking) return
    this.isLooking = true
    const path = `/teams/${encodeURIComponent(this.token)}`
    try {
      const wish = { open: true, etag: this.etag, tries: 1 }
      const answer = await this.shop.request('GET', path, wish)
      this.failures = 0
      if (answer.data && !this.isOver) {
        this.etag = answer.header.etag
        this.tell(answer.data)
      }
    } catch (error) {
      this.failures += 1
      if (!this.isOver) this.fail(error)
      if (error.code === 'not_found') this.stop()
    }
    this.isLooking = false
    if (this.isOver) return
    if (this.team && this.team.state !== 'forming') return this.stop()
    this.listen()
    const usual = this.socket ? POLL_BESIDE_LIVE : POLL
    this.lookIn(Math.min(usual * 2 ** this.failures, Math.max(usual, LONGEST_POLL)))
  }

  tell(team) {
    this.team = team
    this.show(team)
  }

  /** Let the shop push what happens, if it can. */
  listen() {
    const live = this.team && this.team.live
    const now = this.shop.clock.now()
    if (!live || this.socket || !this.shop.wx.connectSocket || now < this.listenAgainAt) return
    this.listenAgainAt = now + LONGEST_POLL
    const url = withVersion(live)
    const socket = this.shop.wx.connectSocket({ url, header: { Origin: this.shop.site } })
    const lost = () => {
      if (this.socket !== socket) return
      this.socket = null
      this.lookIn(POLL)
    }
    this.socket = socket
    socket.onOpen(() => {
      const data = { channels: [live.channel], last: 0 }
      socket.send({ data: JSON.stringify({ event_name: 'subscribe', data }) })
      // What happened while nobody listened.
      this.lookIn(AFTER_NEWS)
    })
    socket.onMessage((message) => this.hear(message.data))
    socket.onClose(lost)
    socket.onError(lost)
  }

  hear(text) {
    let news
    try {
      news = JSON.parse(text)
    } catch (error) {
      return // not for us
    }
    for (const { message } of Array.isArray(news) ? news : []) {
      const payload = message && message.type === 'pinbu.team' && message.payload
      if (!payload || payload.token !== this.token || this.isOver) continue
      const { state, seats_paid, missing, deadline } = payload
      this.tell(Object.assign({}, this.team, given({ state, seats_paid, missing, deadline })))
      // Who it was comes with the page itself; not everybody asks for it at once.
      this.lookIn(AFTER_NEWS + SPREAD * Math.random())
    }
  }
}

for (const [routes, open] of [[OPEN, true], [OWN, false]]) {
  for (const name of Object.keys(routes)) {
    const [method, path] = routes[name].split(' ')
    Pinbu.prototype[name] = function (...args) {
      const full = path.replace(/{\w+}/g, () => encodeURIComponent(args.shift()))
      const [values, options] = args
      const wish = Object.assign({ open }, options)
      if (method === 'GET') wish.query = values
      else {
        // What WeChat makes of the body of a DELETE is not written anywhere.
        wish.data = values || (method === 'DELETE' ? undefined : {})
        if (name === 'placeOrder' && this.inviter) {
          wish.data = Object.assign({ inviter: this.inviter }, wish.data)
        }
        if (!KEYLESS.includes(name)) wish.key = wish.key || newKey()
      }
      return this.request(method, full, wish).then((answer) => answer.data)
    }
  }
}

function newKey() {
  // Unique among one shopper's own; nobody has to be unable to guess it.
  const part = () => Math.random().toString(36).slice(2, 12)
  return `${Date.now().toString(36)}-${part()}${part()}`
}

/** Whether it is worth trying again what failed so. */
function passes(error) {
  return error.code === 'no_answer' || error.code === 'in_progress' ||
    error.status === 429 || error.status === 503
}

/** Milliseconds until the next try: as told, or longer each time, and not for all at once. */
function pause(error, tried) {
  if (error.retryAfter !== null && error.retryAfter !== undefined) return error.retryAfter * 1000
  return 500 * 2 ** tried * (0.5 + Math.random())
}

function sleep(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}

/** A function of wx as a promise; `getFileSystemManager().readFile` is one of its objects'. */
function promised(wx, name, options) {
  return new Promise((resolve, reject) => {
    const callbacks = { success: resolve, fail: reject }
    const [maker, own] = name.split('().')
    const holder = own ? wx[maker]() : wx
    holder[own || maker](Object.assign({}, options, callbacks))
  })
}

function queryOf(values) {
  const set = given(values || {})
  const parts = Object.keys(set).map(
    (name) => `${encodeURIComponent(name)}=${encodeURIComponent(set[name])}`
  )
  return parts.length ? `?${parts.join('&')}` : ''
}

/** Without what is null or undefined. */
function given(values) {
  const kept = {}
  for (const name of Object.keys(values)) {
    if (values[name] !== null && values[name] !== undefined) kept[name] = values[name]
  }
  return kept
}

function withVersion({ url, version }) {
  if (/[?&]version=/.test(url)) return url
  return `${url}${url.includes('?') ? '&' : '?'}version=${encodeURIComponent(version)}`
}

function lowered(header) {
  const kept = {}
  for (const name of Object.keys(header || {})) kept[name.toLowerCase()] = header[name]
  return kept
}

function isObject(value) {
  return typeof value === 'object' && value !== null
}

function pictureType(bytes) {
  if (bytes[0] === 0x89 && bytes[1] === 0x50) return 'image/png'
  if (bytes[0] === 0x52 && bytes[1] === 0x49) return 'image/webp'
  if (bytes[0] === 0x47 && bytes[1] === 0x49) return 'image/gif'
  return 'image/jpeg'
}

module.exports = { Pinbu, PinbuError, ROUTES: Object.assign({}, OPEN, OWN) }
