/** What `events/header_page` says about sub-buffers, and the common fields of records. */

import type { Container } from './container.ts';
import { parseEventFormat } from './event-format.ts';
import type { Lane } from './lane.ts';

export interface HeaderPage {
  /** Bytes before the data of a sub-buffer. */
  readonly headerBytes: number;
  readonly commitBytes: 4 | 8;
  /** Size of `long` in the kernel. */
  readonly longBytes: 4 | 8;
  /** Data bytes of a sub-buffer as the kernel said; 0: not told. */
  readonly dataBytes: number;
  /** Records can be read as little-endian words: type in the low half of the first, pid in the second. */
  readonly isFast: boolean;
  readonly typeOf: (lane: Lane) => number;
  readonly pidOf: (lane: Lane) => number;
}

const decoder = new TextDecoder();

export function readHeaderPage(container: Container): HeaderPage {
  const text = decoder.decode(container.headerPage);
  const field = (name: string) => {
    const match = new RegExp(`\\b${name};\\s*offset:(\\d+);\\s*size:(\\d+);`).exec(text);
    return match === null ? undefined : { offset: Number(match[1]), size: Number(match[2]) };
  };
  const commit = field('commit');
  const data = field('data');
  const commitBytes = commit?.size === 4 || commit?.size === 8 ? commit.size : container.longBytes;
  const headerBytes = data !== undefined && data.offset >= 12 ? data.offset : 8 + commitBytes;
  const { typeAt, typeBytes, pidAt, pidBytes } = commonPlaces(container);
  const { littleEndian } = container;
  const typeOf = (lane: Lane): number => {
    if (typeAt + typeBytes > lane.dataBytes) return 0;
    const { view } = lane;
    const at = lane.dataAt + typeAt;
    return typeBytes === 2 ? view.getUint16(at, littleEndian) : view.getUint8(at);
  };
  const pidOf = (lane: Lane): number => {
    if (pidAt + pidBytes > lane.dataBytes) return 0;
    return lane.view.getInt32(lane.dataAt + pidAt, littleEndian);
  };
  const isPlain = typeAt === 0 && typeBytes === 2 && pidAt === 4 && pidBytes === 4;
  const hostIsLittle = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
  return {
    headerBytes,
    commitBytes,
    longBytes: commitBytes,
    dataBytes: data?.size ?? 0,
    isFast: isPlain && littleEndian && hostIsLittle && headerBytes % 4 === 0,
    typeOf,
    pidOf,
  };
}

/** Where every record keeps its type and pid, by the first format that says so. */
function commonPlaces(container: Container) {
  const { formats } = container;
  for (let i = 0; i < formats.length; i++) {
    const common = parseEventFormat(formats.systemOf(i), formats.textOf(i), 8)?.common ?? [];
    const type = common.find(({ name }) => name === 'common_type');
    const pid = common.find(({ name }) => name === 'common_pid');
    if (type !== undefined && pid !== undefined && pid.size === 4) {
      return {
        typeAt: type.offset,
        typeBytes: type.size === 1 ? 1 : 2,
        pidAt: pid.offset,
        pidBytes: 4,
      };
    }
  }
  return { typeAt: 0, typeBytes: 2, pidAt: 4, pidBytes: 4 };
}
