/**
 * Against a running shop with demo data: PINBU_SITE names it. PINBU_COOKIE is sent along, as
 * Odoo's tests want it.
 */
'use strict'

const assert = require('node:assert')
const { before, test } = require('node:test')

const { Pinbu } = require('../pinbu')
const { createWx, until } = require('./wx')

const site = process.env.PINBU_SITE
const run = Date.now().toString(36)
const options = { skip: site ? false : 'no PINBU_SITE' }
let activity

/** A phone with a shopper of its own. */
function phone(name, more = {}) {
  const cookie = process.env.PINBU_COOKIE
  const wx = createWx({ name: `${name}${run}`, cookie, ...more })
  // The bus of a server under test hears of nothing, since nothing is committed there.
  if (cookie) delete wx.connectSocket
  return new Pinbu({ site, wx, language: 'en' })
}

const address = (street = '1 Lane') => ({
  name: 'Ann', phone: `138${String(Math.random()).slice(2, 10)}`,
  province: '浙江省', city: '杭州市', district: '西湖区', street: `${street} ${Math.random()}`,
})

before(async () => {
  if (!site) return
  const { items } = await phone('Passer').activities({ limit: 100 })
  const fits = ({ state, mode, size, currency }) =>
    state === 'running' && mode === 'normal' && size === 3 && currency === 'CNY'
  activity = items.find((each) => fits(each) && each.delivery && each.subsidy.items.length)
  assert.ok(activity, `an activity for teams of three among ${items.length}`)
})

/** Order, and pay. :return: the Order */
async function buy(shop, teamToken) {
  await shop.addAddress(address())
  const wish = {
    activity_id: activity.id,
    product_id: activity.variants.find((variant) => variant.available).product_id,
    quantity: 1,
    team_token: teamToken,
  }
  const quote = await shop.quote(wish)
  const order = await shop.placeOrder({ ...wish, promise_version: quote.promise_version })
  assert.deepStrictEqual([order.state, order.amount], ['unpaid', quote.amount])
  return shop.pay(order.id)
}

test('a passer-by looks around without a log-in', options, async () => {
  const shop = phone('Passer')
  const config = await shop.config()
  assert.ok(config.shop.name)
  const page = await shop.activities({ limit: 1 })
  const next = await shop.activities({ limit: 1, cursor: page.next_cursor })
  assert.notStrictEqual(page.items[0].id, next.items[0].id)
  assert.strictEqual(shop.wx.logins, 0)
  assert.strictEqual(page.items[0].viewer, null)
  await assert.rejects(shop.team('nothing'), { status: 404, code: 'not_found' })
})

test('an unchanged page is not sent again', options, async () => {
  const shop = phone('Passer')
  const first = await shop.request('GET', `/activities/${activity.id}`, { open: true })
  const etag = first.header.etag
  const again = await shop.request('GET', `/activities/${activity.id}`, { open: true, etag })
  assert.deepStrictEqual([again.status, again.data], [304, null])
})

test('a call logs in by itself, once for all', options, async () => {
  const shop = phone('Bea')
  await Promise.all([shop.me(), shop.orders(), shop.addresses()])
  assert.strictEqual(shop.wx.logins, 1)
  assert.ok(shop.customer.name)
  await shop.changeMe({ name: '小蓓' })
  assert.strictEqual((await shop.me()).customer.name, '小蓓')
  // The next start of the mini-program finds the session.
  const later = new Pinbu({ site, wx: shop.wx })
  await later.me()
  assert.strictEqual(shop.wx.logins, 1)
})

test('a dead token costs a silent log-in, once for all', options, async () => {
  const shop = phone('Cleo')
  await shop.me()
  const { token } = shop.wx.getStorageSync(`pinbu:${shop.site}`)
  const other = phone('Cleo')
  other._keep({ token, expires_at: '2999-01-01T00:00:00Z', customer: {} })
  await other.logOut()
  assert.strictEqual(other.customer, null)
  await Promise.all([shop.me(), shop.orders(), shop.activity(activity.id)])
  assert.strictEqual(shop.wx.logins, 2)
  shop._keep({ ...shop._session, token: `x${shop._session.token}` })
  await shop.wallet()
  assert.strictEqual(shop.wx.logins, 3)
})

test('a token that ends soon is exchanged for a new one', options, async () => {
  const shop = phone('Dora')
  await shop.me()
  const old = shop._session.token
  shop._keep({ ...shop._session, expires_at: new Date(Date.now() + 3600e3).toISOString() })
  await shop.me()
  assert.notStrictEqual(shop._session.token, old)
  assert.ok(Date.parse(shop._session.expires_at) > Date.now() + 20 * 24 * 3600e3)
  assert.strictEqual(shop.wx.logins, 1)
})

test('an answer that is lost on the way is not acted on twice', options, async () => {
  const shop = phone('Elsa')
  await shop.me()
  let lost = 2
  shop.wx.trips = () => (lost-- > 0 ? 'answer lost' : null)
  const made = await shop.addAddress(address('Lost Lane'))
  shop.wx.trips = () => null
  const { items } = await shop.addresses()
  assert.deepStrictEqual(items.map(({ id }) => id), [made.id])
  // Another call with the same values is another address.
  await shop.addAddress(address('Lost Lane'))
  assert.strictEqual((await shop.addresses()).items.length, 2)
  await shop.removeAddress(made.id)
  assert.strictEqual((await shop.addresses()).items.length, 1)
})

test('a shopper shows a picture', options, async () => {
  const shop = phone('Emma')
  const dot = 'R0lGODlhAQABAIAAAP8AAAAAACwAAAAAAQABAAACAkQBADs='
  shop.wx.files['wxfile://dot.gif'] = Buffer.from(dot, 'base64')
  const { customer } = await shop.setAvatar('wxfile://dot.gif')
  assert.match(customer.avatar_url, /^http/)
  shop.wx.files['wxfile://none.png'] = Buffer.from('no picture')
  await assert.rejects(shop.setAvatar('wxfile://none.png'), { code: 'invalid_request' })
  await assert.rejects(shop.setAvatar('wxfile://gone'), { code: 'wx_failed' })
})

test('three friends fill a team, and a passer-by watches', options, async () => {
  const [fay, gus, hal] = ['Fay', 'Gus', 'Hal'].map((name) => phone(name))
  const opened = await buy(fay)
  assert.strictEqual(opened.state, 'forming')
  const { token, deadline } = opened.team

  const seen = []
  const watcher = phone('Passer')
  let pushed = 0
  if (watcher.wx.connectSocket) {
    const connect = watcher.wx.connectSocket
    watcher.wx.connectSocket = (wish) => {
      const socket = connect(wish)
      socket.onMessage(() => (pushed += 1))
      return socket
    }
  }
  const stop = watcher.watchTeam(token, (team) => seen.push(team.seats_paid), assert.fail)
  await until(() => seen.length, 'the first look')
  const left = []
  fay.countdown(deadline, (each) => left.push(each))()
  assert.ok(left[0].hours > 0 && !left[0].over)

  const shared = await fay.shareTeam(token, { channel: 'friend' })
  gus.cameBy({ query: { scene: encodeURIComponent(shared.scene) } })
  assert.strictEqual((await gus.scene(gus.inviter)).team_token, token)
  await buy(gus, token)
  await buy(hal, token)
  await until(() => seen.includes(3), 'the watcher sees the last friend pay')
  stop()
  assert.ok(pushed || !watcher.wx.connectSocket, 'pushed news')
  assert.strictEqual((await watcher.team(token)).state, 'formed')

  const late = phone('Ida')
  await assert.rejects(buy(late, token), { status: 409, code: 'team_full' })
  assert.strictEqual((await hal.order((await hal.orders()).items[0].id)).team.token, token)
})
