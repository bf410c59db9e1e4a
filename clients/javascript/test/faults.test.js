/** What no shop can be asked to do: a server that says what the test tells it to. */
'use strict'

const assert = require('node:assert')
const crypto = require('node:crypto')
const http = require('node:http')
const { afterEach, beforeEach, test } = require('node:test')

const { Pinbu } = require('../pinbu')
const { readFrame, writeFrame } = require('./live_socket')
const { createWx, until } = require('./wx')

const DAY = 24 * 3600 * 1000
let server, site, asked, answers, sockets

beforeEach(async () => {
  asked = []
  answers = []
  sockets = []
  server = http.createServer((request, response) => {
    let text = ''
    request.on('data', (part) => (text += part))
    request.on('end', () => {
      const { method, url, headers } = request
      asked.push({ method, path: url, headers, body: text ? JSON.parse(text) : null })
      const answer = answers.shift() || [200, {}]
      const [status, body, header] = typeof answer === 'function' ? answer(request) : answer
      const isText = typeof body === 'string'
      response.writeHead(status, {
        'Content-Type': isText ? 'text/html' : 'application/json; charset=utf-8', ...header,
      })
      response.end(status === 304 || status === 204 ? '' : isText ? body : JSON.stringify(body))
    })
  })
  server.on('upgrade', (request, tcp) => {
    const seal = request.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
    const accept = crypto.createHash('sha1').update(seal).digest('base64')
    tcp.write(`HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      `Sec-WebSocket-Accept: ${accept}\r\n\r\n`)
    const socket = { url: request.url, origin: request.headers.origin, heard: [], tcp }
    socket.push = (news) => tcp.write(writeFrame(1, Buffer.from(JSON.stringify(news)), false))
    tcp.on('data', (bytes) => {
      const frame = readFrame(bytes)
      if (frame && frame.code === 1) socket.heard.push(JSON.parse(frame.data.toString()))
    })
    tcp.on('error', () => {})
    sockets.push(socket)
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  site = `http://127.0.0.1:${server.address().port}`
})

afterEach(async () => {
  for (const socket of sockets) socket.tcp.destroy()
  if (server.closeAllConnections) server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

function session(token = 'one', days = 30) {
  const expires = new Date(Date.now() + days * DAY).toISOString()
  return { token, expires_at: expires, customer: { id: 1, name: 'Ann' } }
}

/** A shop whose shopper is logged in. */
function shopOf(options = {}) {
  const wx = createWx()
  wx.setStorageSync(`pinbu:${site}`, options.session || session())
  return new Pinbu({ site, wx, language: 'en', ...options })
}

const refusal = (code, details = {}) => ({ error: { code, message: `no: ${code}`, details } })
const paths = () => asked.map(({ method, path }) => `${method} ${path.replace('/pinbu/api/v1', '')}`)
const keys = () => asked.map(({ headers }) => headers['idempotency-key'])

test('what may be tried again is, under the same key', async () => {
  const shop = shopOf()
  answers = [
    [503, refusal('busy'), { 'Retry-After': '0' }],
    [429, refusal('rate_limited'), { 'Retry-After': '0' }],
    [409, refusal('in_progress'), { 'Retry-After': '0' }],
    [502, '<html>Bad gateway</html>'],
    [201, { id: 7 }],
  ]
  assert.deepStrictEqual(await shop.placeOrder({ activity_id: 1, product_id: 2 }), { id: 7 })
  assert.strictEqual(asked.length, 5)
  assert.strictEqual(new Set(keys()).size, 1)
  assert.match(keys()[0], /^[\w-]{10,64}$/)
  answers = [[201, { id: 8 }]]
  await shop.placeOrder({ activity_id: 1, product_id: 2 })
  assert.notStrictEqual(keys()[5], keys()[0])
})

test('what the shop refuses is not', async () => {
  const shop = shopOf()
  for (const [status, code] of [[409, 'team_full'], [500, 'internal_error'], [400, 'brand_new']]) {
    answers = [[status, refusal(code, { a: 1 }), { 'X-Request-Id': 'r1' }]]
    await assert.rejects(shop.placeOrder({}), {
      name: 'PinbuError', status, code, message: `no: ${code}`, details: { a: 1 }, requestId: 'r1',
    })
  }
  assert.strictEqual(asked.length, 3)
})

test('who is told to wait for long is told so', async () => {
  const shop = shopOf()
  answers = [[429, refusal('rate_limited'), { 'Retry-After': '60' }]]
  await assert.rejects(shop.withdraw({ amount: 100 }), { code: 'rate_limited', retryAfter: 60 })
  assert.strictEqual(asked.length, 1)
})

test('without a connection the shopper reads why', async () => {
  const shop = shopOf()
  shop.wx.trips = () => 'lost'
  await assert.rejects(shop.request('GET', '/config', { open: true, tries: 2 }), {
    status: 0, code: 'no_answer', message: 'No connection. Please try again.',
  })
  assert.strictEqual(shop.wx.requests.length, 2)
})

test('a lost log-in takes a new code', async () => {
  const shop = new Pinbu({ site, wx: createWx(), deviceId: 'd1' })
  shop.cameBy({ query: { scene: encodeURIComponent('tabc.1') } })
  let lost = 1
  shop.wx.trips = ({ url }) => (/session/.test(url) && lost-- > 0 ? 'answer lost' : null)
  answers = [[200, session()], [200, session('two')], [200, { customer: {} }]]
  await shop.me()
  assert.strictEqual(shop.wx.logins, 2)
  assert.deepStrictEqual(asked[1].body, { code: 'demo:Ann', inviter: 'tabc.1', device_id: 'd1' })
  assert.strictEqual(keys()[1], undefined)
  assert.strictEqual(asked[2].headers.authorization, 'Bearer two')
})

test('an order says who brought the shopper, unless it says so itself', async () => {
  const shop = shopOf()
  shop.cameBy({ scene: 'tabc.1' })
  answers = [[201, {}], [201, {}]]
  await shop.placeOrder({ activity_id: 1 })
  await shop.placeOrder({ activity_id: 1, inviter: 'other' })
  assert.deepStrictEqual(asked.map(({ body }) => body.inviter), ['tabc.1', 'other'])
})

test('a token is renewed in time, once, and a failure to renew stops nobody', async () => {
  const shop = shopOf({ session: session('old', 2) })
  answers = [[200, session('new')], [200, {}], [200, {}]]
  await Promise.all([shop.me(), shop.wallet()])
  assert.deepStrictEqual(paths().slice(0, 1), ['POST /session/renew'])
  assert.strictEqual(asked.length, 3)
  assert.strictEqual(asked[1].headers.authorization, 'Bearer new')
  assert.strictEqual(shop.wx.getStorageSync(`pinbu:${site}`).token, 'new')

  const other = shopOf({ session: session('old', 2) })
  answers = [[503, refusal('busy'), { 'Retry-After': '0' }], [200, {}], [200, {}]]
  await other.me()
  await other.me()
  assert.deepStrictEqual(paths().slice(3), ['POST /session/renew', 'GET /me', 'GET /me'])
  assert.strictEqual(asked[4].headers.authorization, 'Bearer old')
})

test('who may not log in still sees what everybody sees', async () => {
  const shop = shopOf()
  answers = [
    [401, refusal('unauthenticated')], [403, refusal('consent_required')], [200, { items: [] }],
    [403, refusal('consent_required')],
  ]
  assert.deepStrictEqual(await shop.activities(), { items: [] })
  assert.strictEqual(asked[2].headers.authorization, undefined)
  await assert.rejects(shop.me(), { code: 'consent_required' })
  answers = [[200, session('three')], [200, { customer: { id: 1 } }]]
  await shop.logIn('v2')
  assert.strictEqual(asked[4].body.consent_version, 'v2')
  await shop.me()
  assert.strictEqual(asked[5].headers.authorization, 'Bearer three')
})

test('a countdown follows the shop, whatever the phone says', async () => {
  const shop = shopOf({ now: () => Date.now() + 3 * 3600 * 1000, session: session('one', 60) })
  const serverTime = Date.now()
  answers = [[200, { server_time: new Date(serverTime).toISOString() }]]
  await shop.team('t')
  const seen = []
  const until_ = new Date(serverTime + 2300).toISOString()
  const stop = shop.countdown(until_, (left) => seen.push(left))
  await until(() => seen.some((left) => left.over), 'the countdown ends')
  stop()
  assert.deepStrictEqual(seen[0], { hours: 0, minutes: 0, seconds: 3, over: false })
  const shown = seen.map((left) => left.seconds)
  // A busy machine may be late for a second, and then leaves it out.
  assert.deepStrictEqual(shown, [3, 2, 1, 0].filter((second) => shown.includes(second)))
  assert.strictEqual(shown[shown.length - 1], 0)
  const far = new Date(serverTime + 26 * 3600 * 1000 + 330 * 1000).toISOString()
  shop.countdown(far, (left) => seen.push(left))()
  assert.deepStrictEqual([seen[seen.length - 1].hours, seen[seen.length - 1].minutes], [26, 5])
})

test('the shop\'s time survives old answers and a phone whose clock is changed', () => {
  let phone = 1000 * 1000
  const shop = shopOf({ now: () => phone })
  const told = (milliseconds) => shop.clock.sync(new Date(milliseconds).toISOString())
  told(5000 * 1000)
  assert.strictEqual(shop.clock.time(), 5000 * 1000)
  phone += 1000
  told(5000 * 1000) // kept for a second by a proxy
  assert.strictEqual(shop.clock.time(), 5001 * 1000)
  phone += 600 * 1000 // somebody set it forward
  told(5002 * 1000)
  assert.strictEqual(shop.clock.time(), 5002 * 1000)
})

const team = (paid, more = {}) => ({
  token: 't', state: 'forming', seats_paid: paid, missing: 3 - paid, live: null,
  server_time: new Date().toISOString(), ...more,
})

test('a team is looked at until it is over, and costs nothing while it stays the same', async () => {
  const shop = shopOf()
  answers = [
    [200, team(1), { ETag: 'W/"a"' }],
    [304, null, { ETag: 'W/"a"' }],
    [200, team(3, { state: 'formed', missing: 0 }), { ETag: 'W/"b"' }],
  ]
  const seen = []
  shop.watchTeam('t', (each) => seen.push(each.state))
  await until(() => seen.length === 2, 'formed')
  assert.deepStrictEqual(seen, ['forming', 'formed'])
  assert.deepStrictEqual(
    asked.map(({ headers }) => headers['if-none-match']), [undefined, 'W/"a"', 'W/"a"']
  )
  await new Promise((resolve) => setTimeout(resolve, 2500))
  assert.strictEqual(asked.length, 3, 'nobody looks at what is over')
})

test('a look that fails is told and repeated; a team that is gone is not', async () => {
  const shop = shopOf()
  answers = [[503, refusal('busy')], [404, refusal('not_found')]]
  const failed = []
  shop.watchTeam('t', assert.fail, (error) => failed.push(error.code))
  await until(() => failed.length === 2, 'two failures')
  assert.deepStrictEqual(failed, ['busy', 'not_found'])
  await new Promise((resolve) => setTimeout(resolve, 2500))
  assert.strictEqual(asked.length, 2)
})

test('who stops watching hears no more', async () => {
  const shop = shopOf()
  const stop = shop.watchTeam('t', assert.fail, assert.fail)
  stop()
  await until(() => asked.length === 1, 'the look that was under way')
  await new Promise((resolve) => setTimeout(resolve, 2500))
  assert.strictEqual(asked.length, 1)
})

test('pushed news are shown at once, then the whole team', async () => {
  const shop = shopOf()
  const live = { url: `${site.replace('http', 'ws')}/websocket`, version: '19.0-2', channel: 'team/t' }
  answers = [
    [200, team(1, { live }), { ETag: 'W/"a"' }],
    [304, null],
    [200, team(3, { live, state: 'formed', missing: 0 }), { ETag: 'W/"b"' }],
  ]
  const seen = []
  shop.watchTeam('t', (each) => seen.push([each.state, each.seats_paid]), assert.fail)
  const [socket] = await until(() => sockets[0] && sockets[0].heard[0] && sockets, 'subscribed')
  assert.strictEqual(socket.url, '/websocket?version=19.0-2')
  assert.strictEqual(socket.origin, site)
  assert.deepStrictEqual(socket.heard[0], {
    event_name: 'subscribe', data: { channels: ['team/t'], last: 0 },
  })
  await until(() => asked.length === 2, 'the look after subscribing')
  const payload = { token: 't', event: 'seat_paid', state: 'forming', seats_paid: 2, missing: 1 }
  socket.push([
    { id: 1, message: { type: 'other', payload: {} } },
    { id: 2, message: { type: 'pinbu.team', payload: { ...payload, token: 'another' } } },
    { id: 3, message: { type: 'pinbu.team', payload } },
  ])
  await until(() => seen.length === 2, 'the news', 1000)
  await until(() => seen.length === 3, 'the whole team')
  assert.deepStrictEqual(seen, [['forming', 1], ['forming', 2], ['formed', 3]])
  await until(() => socket.tcp.readableEnded || socket.tcp.destroyed, 'the socket closes')
})

test('a lost socket leaves looking', async () => {
  const shop = shopOf()
  const live = { url: `${site.replace('http', 'ws')}/websocket`, version: '1', channel: 'team/t' }
  answers = [[200, team(1, { live }), { ETag: 'W/"a"' }], [304, null], [304, null], [304, null]]
  const stop = shop.watchTeam('t', () => {}, assert.fail)
  await until(() => sockets[0] && sockets[0].heard[0], 'subscribed')
  await until(() => asked.length === 2, 'the look after subscribing')
  sockets[0].tcp.destroy()
  await until(() => asked.length === 4, 'looking goes on every two seconds', 8000)
  stop()
})

test('a payment that the shopper gives up', async () => {
  const shop = shopOf()
  const params = { timeStamp: '1', package: 'prepay_id=1' }
  answers = [[200, { status: 'pay', provider: 'wechat', reference: 'r', params }]]
  await assert.rejects(shop.pay(5), { code: 'payment_cancelled', message: 'Payment cancelled.' })
  assert.strictEqual(shop.wx.payments[0].package, 'prepay_id=1')
  assert.deepStrictEqual(paths(), ['POST /orders/5/payment'])
})

test('nothing is left to pay', async () => {
  const shop = shopOf()
  answers = [
    [200, { status: 'paid', provider: null, reference: 'r', params: null }],
    [200, { id: 5, state: 'forming' }],
  ]
  assert.strictEqual((await shop.pay(5)).state, 'forming')
  assert.deepStrictEqual(paths(), ['POST /orders/5/payment', 'POST /orders/5/payment/refresh'])
})

test('a picture goes as it is', async () => {
  const shop = shopOf()
  shop.wx.files['wxfile://a'] = Buffer.from([0x89, 0x50, 1, 2])
  const wxRequest = shop.wx.request
  shop.wx.request = (options) => {
    assert.strictEqual(options.header['content-type'], 'image/png')
    assert.strictEqual(options.data.byteLength, 4)
    wxRequest(Object.assign({}, options, { data: {} })) // our server reads JSON only
  }
  answers = [[200, { customer: { avatar_url: 'u' } }]]
  assert.deepStrictEqual(await shop.setAvatar('wxfile://a'), { customer: { avatar_url: 'u' } })
  assert.ok(keys()[0])
})

test('queries leave out what is not there, and names are escaped', async () => {
  const shop = shopOf()
  await shop.activities({ q: '薯片 & co', zone: null, cursor: undefined, limit: 5 })
  assert.deepStrictEqual(
    paths(), [`GET /activities?q=${encodeURIComponent('薯片 & co')}&limit=5`]
  )
  await shop.team('a/b')
  assert.strictEqual(paths()[1], 'GET /teams/a%2Fb')
  assert.strictEqual(
    shop.posterUrl('t', 's'), `${site}/pinbu/api/v1/teams/t/poster.png?scene=s`
  )
})
