import type { Words } from '../paper-kinds.ts';

/** A column of a table: its heading, and its part of the width. */
export interface Column {
  readonly heading: Words;
  readonly share: number;
}

/** A part of the body of a notice (正文). What comes from people stands in it as they wrote it, in either language. */
export type Block =
  | { readonly kind: 'paragraph' | 'note'; readonly text: Words }
  | { readonly kind: 'table'; readonly columns: readonly Column[]; readonly rows: readonly (readonly string[])[] }
  /** Lines of a form: what, and what is filled in; empty for what is signed by hand. */
  | { readonly kind: 'form'; readonly rows: readonly FormRow[] };

export interface FormRow {
  readonly label: Words;
  readonly value: Words;
}

/** A notice in words, before it is laid out. */
export interface PaperText {
  readonly title: Words;
  /** Whose notice it is; stands above the title and below the body. */
  readonly authority: string;
  readonly addressee: Words;
  readonly blocks: readonly Block[];
  /** Who gives it out in the name of the authority (代为出具); empty where that is the authority itself. */
  readonly givenBy: Words;
}

export function paragraph(zh: string, en: string): Block {
  return { kind: 'paragraph', text: { zh, en } };
}

/** A remark in smaller letters. */
export function note(zh: string, en: string): Block {
  return { kind: 'note', text: { zh, en } };
}

export function column(zh: string, en: string, share: number): Column {
  return { heading: { zh, en }, share };
}

/** @param en left out where it reads the same */
export function row(zh: string, en: string, value: string, valueEn = value): FormRow {
  return { label: { zh, en }, value: { zh: value, en: valueEn } };
}
