import type { SubmissionSource } from '../adapter.ts';
import type { PushSource } from './hook/push-source.ts';
import type { PollSource } from './poll/poll-source.ts';

/** What both do alike; either may be asked to understand a document anew. */
export function together(sources: readonly (PollSource | PushSource)[]): SubmissionSource {
  if (sources.length === 1) return sources[0]!;
  return {
    start: async (submit) => {
      for (const source of sources) await source.start(submit);
    },
    stop: async () => {
      await Promise.all(sources.map((source) => source.stop()));
    },
    again: (key, document) => sources[0]!.again(key, document),
  };
}

/** Only a platform that does nothing but push needs no address. */
