// The server's clock, seen through messages. A message can only arrive late, never early, so the largest difference seen
// in the last minutes is the closest to the truth. That errs on the side of showing data older than it is, never younger:
// a backlog of old messages in a slow tab cannot make a stale board look fresh.

import type { Millis } from '../protocol';

const BUCKET: Millis = 5 * 60_000;

export class ServerClock {
  private bucket = 0;
  private current: number | null = null;
  private previous: number | null = null;

  /** Notes that a message stamped serverNow arrived when this machine's clock showed localNow. */
  note(serverNow: Millis, localNow: Millis): void {
    const bucket = Math.floor(localNow / BUCKET);
    if (bucket !== this.bucket) {
      this.previous = bucket === this.bucket + 1 ? this.current : null;
      this.current = null;
      this.bucket = bucket;
    }
    const difference = serverNow - localNow;
    this.current = this.current === null ? difference : Math.max(this.current, difference);
  }

  /** What the server's clock shows when this machine's shows localNow. Before the first message it is this machine's. */
  at(localNow: Millis): Millis {
    const best = Math.max(this.current ?? -Infinity, this.previous ?? -Infinity);
    return localNow + (best === -Infinity ? 0 : best);
  }
}
