/** Blocks of rows on their way to the consumer: given out when full, and never running backwards. */

import type { EventBlock } from '../../engine/input/event-log.ts';

export class RowBlocks {
  readonly block: EventBlock;
  /** Rows that were older than a row before; they got its time. */
  outOfOrder = 0;
  /** Set once a lane ran backwards. */
  protected mustKeepOrder = false;
  readonly #onBlock: (block: EventBlock) => void;
  #lastRowNs: number = Number.NEGATIVE_INFINITY;

  constructor(block: EventBlock, onBlock: (block: EventBlock) => void) {
    this.block = block;
    this.#onBlock = onBlock;
  }

  flush(): void {
    const { block } = this;
    if (block.length > 0) {
      if (this.mustKeepOrder) this.#keepOrder();
      this.#lastRowNs = block.timeNs[block.length - 1];
      this.#onBlock(block);
    }
    block.clear();
  }

  /** A CPU whose stamps run backwards must not take the rows with it: consumers rely on the order of time. */
  #keepOrder(): void {
    const { timeNs, length } = this.block;
    let last = this.#lastRowNs;
    for (let row = 0; row < length; row++) {
      if (timeNs[row] < last) {
        timeNs[row] = last;
        this.outOfOrder++;
      } else {
        last = timeNs[row];
      }
    }
  }
}
