/** Room for the bodies that are in hand at one time, so that nobody can fill the memory with them. */
export interface BodyRoom {
  /** Whether a body of this length finds room at the moment. */
  hasRoomFor(bytes: number): boolean
  /** Makes the share of one body. */
  share(): Share
}

/** What one body takes of the room. */
export interface Share {
  /** Takes room for more of it; false where there is none. */
  take(bytes: number): boolean
  release(): void
}

// Ten of the largest that GitHub sends, at one time.
const MOST_BYTES = 256 * 1024 * 1024
// Nearly every webhook is smaller. Large ones must not keep them out.
const ALWAYS_TAKEN_BYTES = 64 * 1024

/** Makes a room. Bodies take of it as they arrive: announcing one takes nothing from others. */
export function createBodyRoom(mostBytes = MOST_BYTES): BodyRoom {
  let taken = 0

  return {
    hasRoomFor: (bytes) => bytes <= ALWAYS_TAKEN_BYTES || taken + bytes <= mostBytes,
    share() {
      let own = 0
      return {
        take(bytes) {
          if (own + bytes > ALWAYS_TAKEN_BYTES && taken + bytes > mostBytes) return false
          own += bytes
          taken += bytes
          return true
        },
        release() {
          taken -= own
          own = 0
        },
      }
    },
  }
}
