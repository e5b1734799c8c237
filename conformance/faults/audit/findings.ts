/** What an auditor may find wrong. */
export const KINDS = ['lost', 'doubled', 'receipt', 'log', 'orphan', 'material', 'personal'] as const;
export type Kind = (typeof KINDS)[number];

export interface AuditFinding {
  readonly kind: Kind;
  /** Region and record, as `150626 inbox/…`; nothing personal. */
  readonly where: string;
  readonly message: string;
}

/** Findings that are told in words; all are counted. */
const TOLD = 50;

/** What was found so far. */
export class Findings {
  readonly #told: AuditFinding[] = [];
  readonly #counts = new Map<Kind, number>();

  add(kind: Kind, where: string, message: string): void {
    this.#counts.set(kind, this.count(kind) + 1);
    if (this.#told.length < TOLD) this.#told.push({ kind, where, message });
  }

  count(kind: Kind): number {
    return this.#counts.get(kind) ?? 0;
  }

  get told(): readonly AuditFinding[] {
    return this.#told;
  }
}
