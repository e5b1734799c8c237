/** A piece of SQL: code, or a string, quoted name or comment, whose characters mean nothing. */
export interface SqlSegment {
  readonly text: string;
  readonly isCode: boolean;
}

/** Strings and quoted names (a doubled quote stands for one), and comments to the end of the line. */
const NOT_CODE = /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*/g;

/** Takes SQL apart; the pieces together are the text again. */
export function splitSql(text: string): SqlSegment[] {
  const segments: SqlSegment[] = [];
  let from = 0;
  for (const match of text.matchAll(NOT_CODE)) {
    if (match.index > from) segments.push({ text: text.slice(from, match.index), isCode: true });
    segments.push({ text: match[0], isCode: false });
    from = match.index + match[0].length;
  }
  if (from < text.length) segments.push({ text: text.slice(from), isCode: true });
  return segments;
}

/** The statements of a text, without the semicolons between them. */
export function statementsOf(text: string): string[] {
  const statements = [''];
  for (const { text: part, isCode } of splitSql(text)) {
    const [first = '', ...others] = isCode ? part.split(';') : [part];
    statements.push(`${statements.pop()}${first}`);
    statements.push(...others);
  }
  return statements.map((statement) => statement.trim()).filter((statement) => statement !== '');
}
