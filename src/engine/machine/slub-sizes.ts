/** Sizes by which SLUB works (mm/slub.c: calculate_order, set_cpu_partial, set_min_partial, calculate_sheaf_capacity). */

import type { KernelRules } from './kernel-rules.ts';

const pageBytes = 4096;
const orderMax = 3;

/** Position of the highest bit, from 1; fls(0) = 0. */
const fls = (value: number) => 32 - Math.clz32(value);

/** Least order that holds so many bytes. */
function orderOf(bytes: number): number {
  let order = 0;
  while (pageBytes * 2 ** order < bytes) order++;
  return order;
}

/** Order of a slab when memory is tight: one object is enough. */
export function slubOrderMin(objectBytes: number): number {
  return orderOf(objectBytes);
}

/** calculate_order: enough objects for the CPUs, little waste, at most order 3 where an object fits. */
export function slubOrder(objectBytes: number, cpus: number): number {
  const most = Math.floor((pageBytes * 2 ** orderMax) / objectBytes);
  for (let least = Math.min(4 * (fls(cpus) + 1), most); least > 1; least--) {
    for (let fraction = 16; fraction >= 4; fraction /= 2) {
      for (let order = orderOf(least * objectBytes); order <= orderMax; order++) {
        const slabBytes = pageBytes * 2 ** order;
        if (slabBytes % objectBytes <= slabBytes / fraction) return order;
      }
    }
  }
  return orderOf(objectBytes);
}

/** Objects that a CPU keeps in partial slabs. */
export function cpuPartialObjects(objectBytes: number, partial: KernelRules['slubPartial']): number {
  if (partial === 'none' || partial === 'sheaves') return 0;
  const by = partial === '5.16' ? [6, 24, 52, 120] : [2, 6, 13, 30];
  return bySize(objectBytes, by);
}

function bySize(objectBytes: number, [page, thousand, quarter, small]: readonly number[]): number {
  if (objectBytes >= pageBytes) return page;
  if (objectBytes >= 1024) return thousand;
  return objectBytes >= 256 ? quarter : small;
}

/** Partial slabs that a node keeps even when they are empty. */
export function minPartial(objectBytes: number): number {
  return Math.min(10, Math.max(5, Math.floor((fls(objectBytes) - 1) / 2)));
}

/** Head of a `struct slab_sheaf`, in front of its pointers. */
const sheafHeadBytes = 32;

/** Objects of a sheaf: by size, then up to what the kmalloc bucket of the sheaf itself can hold. */
export function sheafCapacity(objectBytes: number): number {
  const wanted = sheafHeadBytes + 8 * bySize(objectBytes, [4, 12, 26, 60]);
  let bucket = 8;
  while (bucket < wanted) bucket *= 2;
  if (wanted <= 96 && wanted > 64) bucket = 96;
  if (wanted <= 192 && wanted > 128) bucket = 192;
  return (bucket - sheafHeadBytes) / 8;
}
