import type { SubmissionFile } from '#adapters';
import { fields, list, text } from '#proto';
import type { Clock } from '#trust';
import type { CaseMaterial } from '../../case/case-file.ts';
import { demandInput } from '../../case/case-input.ts';
import type { BringFiles, CaseService } from '../../case/case-service.ts';

/** Files of one wish, at most: as many as a case holds. */
const MAX_FILES = 100;

const filesRule = fields({
  files: list(
    fields({
      name: text(200),
      mediaType: text(100, { pattern: /^[\w.+-]+\/[\w.+-]+$/, hint: 'must be a media type such as application/pdf' }),
    }),
    MAX_FILES,
  ),
});

/**
 * How the files of a wish come into the store, one after another in constant memory. The window of whoever hands them in
 * vouches that they were compared with the originals (原件核验): they are of grade B.
 *
 * @throws CodedError VALIDATION_FAILED with every file whose name or type is wrong
 */
export function bringFiles(
  files: readonly SubmissionFile[],
  signal: AbortSignal,
  { cases, clock }: { readonly cases: Pick<CaseService, 'takeFile'>; readonly clock: Clock },
): BringFiles | undefined {
  if (files.length === 0) return undefined;
  demandInput(filesRule, { files: files.map(({ name, mediaType }) => ({ name, mediaType })) });
  return async (conversation, checkedBy) => {
    const brought: CaseMaterial[] = [];
    for (const { name, mediaType, open } of files) {
      signal.throwIfAborted();
      const upload = { name, mediaType, grade: 'B', checkedBy, checkedAt: clock.now() };
      const bytes = await open(signal);
      try {
        brought.push(await cases.takeFile(conversation, upload, bytes));
      } finally {
        // Nobody may have read it to its end, or at all: a file that is left open ends the process.
        bytes.destroy();
      }
    }
    return brought;
  };
}
