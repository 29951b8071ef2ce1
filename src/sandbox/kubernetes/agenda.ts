interface Entry {
  readonly at: number;
  readonly task: string;
}

/** Tasks in order of their time: a binary heap. A task may stand in it more than once; doing it twice does no harm. */
export class Agenda {
  readonly #heap: Entry[] = [];

  /** When the next task is due. */
  get next(): number {
    return this.#heap[0]?.at ?? Infinity;
  }

  add(at: number, task: string): void {
    let index = this.#heap.push({ at, task }) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (this.#at(parent) <= this.#at(index)) return;
      this.#swap(index, parent);
      index = parent;
    }
  }

  /** Takes out what is due at `now`, earliest first. */
  due(now: number): string[] {
    const tasks: string[] = [];
    while (this.next <= now) tasks.push(this.#shift());
    return tasks;
  }

  #shift(): string {
    const task = this.#heap[0]?.task ?? "";
    const last = this.#heap.pop();
    if (this.#heap.length === 0 || !last) return task;
    this.#heap[0] = last;
    let index = 0;
    while (true) {
      const [left, right] = [2 * index + 1, 2 * index + 2];
      const child = this.#at(right) < this.#at(left) ? right : left;
      if (this.#at(child) >= this.#at(index)) return task;
      this.#swap(index, child);
      index = child;
    }
  }

  #at(index: number): number {
    return this.#heap[index]?.at ?? Infinity;
  }

  #swap(a: number, b: number): void {
    const [first, second] = [this.#heap[a], this.#heap[b]];
    if (first && second) [this.#heap[a], this.#heap[b]] = [second, first];
  }
}
