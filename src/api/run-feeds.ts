import type { StoredRunEvent } from '../contracts/run.ts'
import type { Following, RunLog } from '../runs/run-log.ts'
import { type Frame, toFrame } from './frames.ts'

/** Who reads along in a run. */
interface Reader {
  /** The `seq` that it has seen last. */
  seen: number
  onFrames(frames: Frame[]): void
}

/** What happens in runs, read and encoded once however many read along. */
export interface RunFeeds {
  /** Answers how to leave; null where the feed is further than the reader, who then has missed something. */
  join(runId: string, reader: Reader): (() => void) | null
}

interface Feed {
  seen: number
  readers: Set<Reader>
  following: Following | undefined
}

/** Follows each run that has readers, as long as it has. */
export function createRunFeeds(runLog: RunLog): RunFeeds {
  const feeds = new Map<string, Feed>()

  return {
    join(runId, reader) {
      const feed = feeds.get(runId) ?? open(runId, reader.seen)
      if (feed.seen > reader.seen) return null
      feed.readers.add(reader)
      return () => {
        feed.readers.delete(reader)
        if (feed.readers.size > 0) return
        feed.following?.close()
        feeds.delete(runId)
      }
    },
  }

  function open(runId: string, seen: number): Feed {
    const feed: Feed = { seen, readers: new Set(), following: undefined }
    feeds.set(runId, feed)
    feed.following = runLog.follow(runId, {
      after: seen,
      onEvents: (events) => deliver(feed, events),
    })
    return feed
  }
}

function deliver(feed: Feed, events: StoredRunEvent[]): void {
  const frames = events.map(toFrame)
  feed.seen = frames.at(-1)?.seq ?? feed.seen
  for (const reader of feed.readers) {
    // A reader who joined ahead of the feed has seen some of them.
    const unseen = frames.filter(({ seq }) => seq > reader.seen)
    if (unseen.length > 0) reader.onFrames(unseen)
  }
}
