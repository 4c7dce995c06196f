/** How far what a policy disturbs can be trusted: exact at recorded drains; of a run only for the policy that it was made with. */

import type { OpenRecording } from '../state.ts';

export function WhatFollows({ recording, policy }: { recording: OpenRecording; policy: string }) {
  if (recording.verdict.source.kind === 'recording') {
    return (
      <>
        Whom {policy} disturbs is exact as far as the pages are: it follows from who held pages at each
        recorded drain. Calls that the kernel turned away are left out.
      </>
    );
  }
  return (
    <>
      Whom {policy} disturbs is what it would have done at the drains of this one run; with another policy the
      run itself goes another way.
    </>
  );
}
