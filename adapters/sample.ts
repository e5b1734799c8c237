import { CodedError, type Problem } from '#proto';
import { type DirectoryConfig, delimiterOf, directoryRules } from './directory/directory-config.ts';
import { type FoundRecord, type RecordOptions, readRecords, recordFormat } from './records/read-records.ts';
import { Unreadable } from './unreadable.ts';

/** Records of one sample. */
const SAMPLE_RECORDS = 10_000;

/** The platform of a configuration whose records a sample holds. */
export interface SampledPlatform {
  readonly kind: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

/**
 * The records of a sample file, as the adapter would hand them to a mapping: a JSON document or a list of them, an XML
 * document, a table in CSV.
 *
 * @param name of the file, whose ending says what it is
 * @param platform whose settings say how XML and tables are read
 * @throws CodedError VALIDATION_FAILED when it cannot be read, CONFIG_INVALID when the settings are wrong
 */
export async function readSample(
  bytes: Uint8Array,
  name: string,
  platform?: SampledPlatform,
): Promise<readonly FoundRecord[]> {
  const format = recordFormat(name);
  if (!format) throw new CodedError('VALIDATION_FAILED', 'a sample is a file that ends in .json, .xml or .csv');
  try {
    const records = await readRecords(bytes, format, optionsOf(platform));
    const [only] = records;
    const found =
      format === 'json' && Array.isArray(only?.document)
        ? only.document.map((document: unknown) => ({ document, problems: [] }))
        : records;
    if (found.length <= SAMPLE_RECORDS) return found;
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    throw new CodedError('VALIDATION_FAILED', `the sample ${error.problems[0]?.message ?? ''}`, error.problems);
  }
  throw new CodedError('VALIDATION_FAILED', `the sample has more than ${SAMPLE_RECORDS} records`);
}

/** Only the kind directory is told how files are written. */
function optionsOf(platform: SampledPlatform | undefined): RecordOptions {
  if (platform?.kind !== 'directory') return {};
  const { mapping: _mapping, ...settings } = platform.settings;
  const problems: Problem[] = [];
  directoryRules(settings, '', problems);
  if (problems.length > 0) throw new CodedError('CONFIG_INVALID', 'the settings of the platform are wrong', problems);
  const { xml, csv } = settings as unknown as DirectoryConfig;
  return { ...(xml && { xml }), ...(csv && { csv: { ...csv, delimiter: delimiterOf(csv) } }) };
}
