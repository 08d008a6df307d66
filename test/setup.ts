// vitest that is ended by a signal leaves its forks behind; they notice by the channel that closes.
const listening = process.listeners('disconnect').some(({ name }) => name === endWithVitest.name)
if (!listening) process.once('disconnect', endWithVitest)

function endWithVitest(): void {
  process.exit(1)
}
