// The example of docs/policies.md: leave CPUs alone that hold fewer than 16 pages.
import { type DrainRequest, definePolicy } from 'drainlab';
import { pagesMin } from './pages-min.ts';

export default definePolicy({
  name: 'large-only',
  select: {
    who: 'custom',
    choose: (request: DrainRequest, targets) => {
      for (const cpu of request.holders) if (request.pages[cpu] >= pagesMin) targets.add(cpu);
    },
  },
});
