import { expect, test } from 'vitest'
import { createBodyRoom } from '../../src/triggers/webhook/body-room.ts'

const KILOBYTE = 1024

test('bodies find room up to its size, and again once one of them is gone', () => {
  const room = createBodyRoom(300 * KILOBYTE)
  const [one, other, third] = [room.share(), room.share(), room.share()]

  const taken = [one, other, third].map((share) => share.take(150 * KILOBYTE))
  one.release()
  const afterwards = third.take(150 * KILOBYTE)

  expect(taken).toEqual([true, true, false])
  expect(afterwards).toBe(true)
})

test('a body that was let go twice gives back what it took, once', () => {
  const room = createBodyRoom(100 * KILOBYTE)
  const [one, other] = [room.share(), room.share()]
  one.take(80 * KILOBYTE)
  other.take(20 * KILOBYTE)

  one.release()
  one.release()

  expect(room.hasRoomFor(80 * KILOBYTE)).toBe(true)
  expect(room.hasRoomFor(81 * KILOBYTE)).toBe(false)
})

test('small bodies find room where there is none, and not a byte more than 64 KB', () => {
  const room = createBodyRoom(100 * KILOBYTE)
  room.share().take(100 * KILOBYTE)
  const small = room.share()

  const pieces = [32, 32, 1].map((kilobytes) => small.take(kilobytes * KILOBYTE))

  expect(pieces).toEqual([true, true, false])
  expect(room.hasRoomFor(64 * KILOBYTE)).toBe(true)
  expect(room.hasRoomFor(64 * KILOBYTE + 1)).toBe(false)
})
