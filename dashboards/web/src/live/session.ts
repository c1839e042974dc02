// A session turns what comes over the line into a picture: it subscribes, follows the sequence, resumes after a gap or a
// break, and starts over when the subscription changes. It holds no timers and draws nothing.

import type { Filter, Message, Request } from '../protocol';
import { take, type Picture } from './picture';

export interface Answer {
  /** The picture to show from now on; null while the first snapshot of a subscription has not come. */
  picture: Picture | null;
  /** What to send, if anything. */
  send?: Request;
  /** The server wants a token, or another one. */
  unauthorized?: boolean;
}

export class Session {
  private picture: Picture | null = null;
  private filter: Filter | undefined;
  /** Something is missing: until the answer to the resume comes, deltas say nothing. */
  private catchingUp = false;

  constructor(private readonly token: () => string) {}

  /** The first request on a new connection: go on where the picture ends, or start. */
  first(): Request {
    this.catchingUp = true;
    return this.withToken(this.picture ? this.resume(this.picture) : this.subscribe());
  }

  /** Changes what is subscribed. It returns what to send, or null when nothing changes. */
  narrow(filter: Filter | undefined): Request | null {
    if (JSON.stringify(filter) === JSON.stringify(this.filter)) return null;
    this.filter = filter;
    this.picture = null;
    this.catchingUp = true;
    return this.subscribe();
  }

  take(message: Message): Answer {
    if (message.type === 'error') {
      return { picture: this.picture, unauthorized: message.error?.code === 'unauthorized' };
    }
    if (message.type === 'pong') return { picture: this.picture };
    if (this.catchingUp && message.type === 'delta' && !message.resumed) return { picture: this.picture };
    const [picture, verdict] = take(this.picture, message);
    if (verdict === 'gap') {
      this.catchingUp = true;
      return { picture: this.picture, send: this.picture ? this.resume(this.picture) : this.subscribe() };
    }
    this.catchingUp = false;
    this.picture = picture;
    return { picture };
  }

  private subscribe(): Request {
    return this.filter ? { type: 'subscribe', filter: this.filter } : { type: 'subscribe' };
  }

  private resume(p: Picture): Request {
    return { ...this.subscribe(), type: 'resume', epoch: p.epoch, sequence: p.sequence };
  }

  private withToken(request: Request): Request {
    const token = this.token();
    return token ? { ...request, token } : request;
  }
}
