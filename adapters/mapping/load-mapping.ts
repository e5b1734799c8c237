import { CodedError, type Problem } from '#proto';
import { Compiler } from './compiler.ts';
import { FileMapping } from './file-mapping.ts';
import { type MappingSpec, mappingShape } from './format/mapping-shape.ts';
import { readMappingYaml } from './format/read-yaml.ts';
import { compileIn } from './rules/compile-in.ts';
import { compileAnswer } from './rules/map-answer.ts';
import { compileOut } from './rules/map-out.ts';

/**
 * Reads a mapping file (字段映射文件; docs/mapping.md): YAML 1.2, at most 1 MiB.
 *
 * @param file absolute path
 * @param clock ms since 1970; an AdapterContext is one
 * @param tired is called when its expressions run out of time again and again, and it is not asked for a while
 * @throws CodedError CONFIG_INVALID with every problem by its pointer within the file
 */
export async function loadMapping(
  file: string,
  clock: { now(): number },
  tired: () => void = () => {},
): Promise<FileMapping> {
  const document = await readMappingYaml(file);
  const problems: Problem[] = [];
  mappingShape(document, '', problems);
  if (problems.length > 0) throw invalid(file, problems);
  const compiler = new Compiler(document as MappingSpec, clock, problems);
  const rules = { in: compileIn(compiler), out: compileOut(compiler), answer: compileAnswer(compiler) };
  if (problems.length > 0) throw invalid(file, problems);
  return new FileMapping(compiler, rules, tired);
}

function invalid(file: string, problems: readonly Problem[]): CodedError {
  const { pointer, message } = problems[0]!;
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  return new CodedError('CONFIG_INVALID', `${file}: ${pointer} ${message}${more}`, problems);
}
