/**
 * Which pages stand on the driven lists, as far as it is known: freed pages by their number, pages of a refill only by
 * how many they are. The supply of `PcpLists` when it is driven by a recording.
 */

import type { ListIndex, Pages, Pfn, ZoneIndex } from '../../base/units.ts';
import type { ListSupply } from '../machine/list-supply.ts';
import type { PcpLists } from '../machine/pcp-lists.ts';

/** A page that came by a refill: its number is not known before it leaves. */
export const unknownPage = -1;

export class ListPages implements ListSupply {
  /** Blocks that the last refill asked for, 0: there was none since `begin`. */
  asked = 0;
  /** Pages that give-backs and drains took since `begin`. */
  given: Pages = 0;
  /** Blocks that the next refill gets at most. */
  most: number = Number.POSITIVE_INFINITY;
  /** Only what would happen is asked: no page moves. */
  trial = false;
  /** By zone: modelled free pages. */
  readonly free: Float64Array;
  /** By list, the head last. */
  readonly #pages: Pfn[][] = [];
  readonly #where = new Map<Pfn, ListIndex>();
  #lists!: PcpLists;

  constructor(zoneCount: number) {
    this.free = new Float64Array(zoneCount);
  }

  /** The lists, which need this first. */
  attach(lists: PcpLists): void {
    this.#lists = lists;
    for (let list = 0; list < lists.length.length; list++) this.#pages.push([]);
  }

  begin(): void {
    this.asked = 0;
    this.given = 0;
    this.most = Number.POSITIVE_INFINITY;
  }

  /** For PcpLists: a refill, whose list is empty. */
  take(zone: ZoneIndex, order: number, _type: number, blocks: number, list: ListIndex): number {
    this.asked = blocks;
    if (this.trial) return blocks;
    const come = Math.min(blocks, this.most);
    const pages = this.#pages[list];
    for (let i = 0; i < come; i++) pages.push(unknownPage);
    this.free[zone] -= come << order;
    return come;
  }

  /** For PcpLists. */
  give(zone: ZoneIndex, order: number, blocks: number, list: ListIndex): void {
    this.given += blocks << order;
    if (this.trial) return;
    this.free[zone] += blocks << order;
    for (const pfn of this.#pages[list].splice(0, blocks)) if (pfn >= 0) this.#where.delete(pfn);
  }

  /** The list on which this page is believed, or -1. */
  listOf(pfn: Pfn): ListIndex {
    return this.#where.get(pfn) ?? -1;
  }

  /** A freed page comes to the head. PcpLists is told by the caller. */
  push(list: ListIndex, pfn: Pfn): void {
    this.#pages[list].push(pfn);
    this.#where.set(pfn, list);
  }

  /** The head of a list that is not empty goes. PcpLists is told by the caller. */
  pop(list: ListIndex): Pfn {
    const pfn = this.#pages[list].pop() as Pfn;
    if (pfn >= 0) this.#where.delete(pfn);
    return pfn;
  }

  head(list: ListIndex): Pfn {
    return this.#pages[list].at(-1) ?? unknownPage;
  }

  hasUnknown(list: ListIndex): boolean {
    return this.#pages[list].includes(unknownPage);
  }

  /** So many blocks that came by the last refill never came. */
  takeBack(list: ListIndex, blocks: number): void {
    this.#pages[list].splice(0, blocks);
    this.drop(list, blocks);
  }

  /** The page leaves the list on which it was believed, and PcpLists knows. */
  remove(pfn: Pfn): void {
    const list = this.#where.get(pfn);
    if (list === undefined) return;
    const pages = this.#pages[list];
    pages.splice(pages.lastIndexOf(pfn), 1);
    this.#where.delete(pfn);
    this.drop(list, 1);
  }

  /** The page is not on its list, but another one is in its place. */
  mistake(pfn: Pfn): void {
    const list = this.#where.get(pfn);
    if (list === undefined) return;
    const pages = this.#pages[list];
    pages[pages.lastIndexOf(pfn)] = unknownPage;
    this.#where.delete(pfn);
  }

  /** So many pages, of movable type, are on this list, and nothing else is known of them. */
  fill(list: ListIndex, blocks: number): void {
    for (let i = 0; i < blocks; i++) this.#pages[list].push(unknownPage);
    this.drop(list, -blocks);
  }

  /** So many blocks fewer are on this list, for PcpLists; negative: more. */
  drop(list: ListIndex, blocks: number): void {
    const lists = this.#lists;
    const set = Math.floor(list / lists.listsPerSet);
    lists.length[list] -= blocks;
    lists.count[set] -= blocks << lists.orderAt[list % lists.listsPerSet];
  }
}
