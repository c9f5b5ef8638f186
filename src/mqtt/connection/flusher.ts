/** Something with bytes to send. */
export interface Flushable {
  flush(): void;
}

/**
 * Sends what a turn of the event loop produced at the end of that turn: however many packets a client
 * is owed, its socket gets one write.
 */
export class Flusher {
  #waiting: Flushable[] = [];

  schedule(target: Flushable): void {
    if (this.#waiting.push(target) > 1) return;
    setImmediate(() => {
      const due = this.#waiting;
      this.#waiting = [];
      for (const target of due) target.flush();
    });
  }
}
