import { describe, expect, it } from 'vitest';
import { isWorkspace, readWorkspace, type Workspace, writeWorkspace } from './workspace-file.ts';

const workspace: Workspace = {
  address: '#view=compare&recording=a',
  notes: [{ address: '#view=machine', place: 'Machine of a', text: '<b>CPU 3</b> is alone\n☃' }],
  recordings: [
    { name: 'a', views: Uint8Array.of(1, 2, 3) },
    { name: 'b', views: new Uint8Array(1000).fill(7) },
  ],
};

async function bytesOf(file: Blob): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await file.arrayBuffer());
}

/** A file as `writeWorkspace` makes it, with a head of one's own. */
async function withHead(head: unknown): Promise<Blob> {
  const text = new TextEncoder().encode(JSON.stringify(head));
  const stream = new Blob([Uint32Array.of(text.length), text]).stream();
  const zipped = await new Response(stream.pipeThrough(new CompressionStream('gzip'))).arrayBuffer();
  return new Blob(['drainlab.workspace/1\n', zipped]);
}

describe('a workspace', () => {
  it('comes back from its file as it was', async () => {
    const file = await writeWorkspace(workspace);
    expect(await isWorkspace(file)).toBe(true);
    expect(await readWorkspace(file)).toEqual(workspace);
  });

  it('is not taken for a recording, nor a recording for it', async () => {
    expect(await isWorkspace(new Blob(['\x17\x08\x44tracing6']))).toBe(false);
    expect(await isWorkspace(new Blob([]))).toBe(false);
  });

  it('is refused in one sentence when any byte of it is another', async () => {
    const bytes = await bytesOf(await writeWorkspace(workspace));
    const begin = 'drainlab.workspace/1\n'.length;
    // Of the gzip header, only what says nothing of the content (time, flags for speed, system) may differ.
    const free = new Set([4, 5, 6, 7, 8, 9].map((at) => begin + at));
    for (let at = begin; at < bytes.length; at++) {
      if (free.has(at)) continue;
      const other = bytes.slice();
      other[at] ^= 0x55;
      await expect(readWorkspace(new Blob([other])), `byte ${at}`).rejects.toThrow(
        /^this workspace cannot be opened: /,
      );
    }
  });

  it('is refused when it is cut off anywhere', async () => {
    const bytes = await bytesOf(await writeWorkspace(workspace));
    for (let length = 0; length < bytes.length; length += 7) {
      await expect(readWorkspace(new Blob([bytes.slice(0, length)])), `${length} bytes`).rejects.toThrow(
        /^this workspace cannot be opened: /,
      );
    }
  });

  it('is refused when it is of another version, or leads out of the page', async () => {
    const file = new Blob(['drainlab.workspace/2\n']);
    expect(await isWorkspace(file)).toBe(true);
    await expect(readWorkspace(file)).rejects.toThrow('"drainlab.workspace/2", not drainlab.workspace/1');
    const head = { schema: 'drainlab.workspace/1', address: '', notes: [], recordings: [] };
    expect(await readWorkspace(await withHead(head))).toEqual({ address: '', notes: [], recordings: [] });
    const notes = [{ address: 'javascript:alert(1)', place: '', text: '' }];
    for (const wrong of [{ ...head, notes }, { ...head, address: 'https://example.org' }, [], null])
      await expect(readWorkspace(await withHead(wrong))).rejects.toThrow(
        'its head is not that of a workspace',
      );
    const recordings = [{ name: 'a', bytes: 5 }];
    await expect(readWorkspace(await withHead({ ...head, recordings }))).rejects.toThrow(
      'not as long as it says',
    );
  });
});
