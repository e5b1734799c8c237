import type { ExprNode } from 'jsonata';

/** What a shortcut gives when the input is one for which JSONata itself is needed. */
export const ASK_JSONATA: unique symbol = Symbol('ask JSONata');

/** Gives what JSONata would give for an expression, or says that it must be asked. */
export type Shortcut = (input: unknown) => unknown;

/**
 * The plain expressions of which mappings mostly consist, evaluated without JSONata, which is fifty times slower: paths of
 * names, literals, `=`, `!=`, `in`, `and`, `or`, `&`, `? :` and `$exists` between them. Lists are left to JSONata, whose rules
 * for them are many.
 *
 * @returns undefined for every other expression
 */
export function shortcutOf(node: ExprNode): Shortcut | undefined {
  if ((node.type as string) === 'path') return pathOf(node);
  if (isLiteral(node)) return () => node.value as unknown;
  if (node.type === 'block' && node.expressions?.length === 1 && has(node, 'expressions', 'position'))
    return shortcutOf(node.expressions[0]!);
  if (node.type === 'binary' && has(node, 'value', 'position', 'lhs', 'rhs')) return binaryOf(node);
  if (node.type === 'condition') return conditionOf(node);
  if (node.type === 'function' && has(node, 'value', 'position', 'arguments', 'procedure')) return existsOf(node);
  return undefined;
}

function pathOf(node: ExprNode): Shortcut | undefined {
  const steps = node.steps ?? [];
  if (!has(node, 'steps') || !steps.every((step) => step.type === 'name' && has(step, 'value', 'position'))) return;
  const names = steps.map((step) => step.value as string);
  return (input) => {
    let value = input;
    if (Array.isArray(value)) return ASK_JSONATA;
    for (const name of names) {
      if (typeof value !== 'object' || value === null) return undefined;
      // JSONata takes such an object for a function.
      if ('_jsonata_function' in value || '_jsonata_lambda' in value) return ASK_JSONATA;
      if (!Object.hasOwn(value, name)) return undefined;
      value = (value as Readonly<Record<string, unknown>>)[name];
      if (Array.isArray(value)) return ASK_JSONATA;
    }
    return value;
  };
}

function binaryOf({ value: operator, lhs, rhs }: ExprNode): Shortcut | undefined {
  const left = shortcutOf(lhs as ExprNode);
  if (!left) return undefined;
  if (operator === 'in') return inListOf(left, rhs!);
  const right = shortcutOf(rhs!);
  if (!right) return undefined;
  if (operator === 'and') return logical(left, right, false);
  if (operator === 'or') return logical(left, right, true);
  if (operator === '=') return scalars(left, right, (a, b) => a === b);
  if (operator === '!=') return scalars(left, right, (a, b) => a !== b);
  if (operator === '&') return joined(left, right);
  return undefined;
}

/** A comparison of two values that are neither list nor object; false when one of them is not there. */
function scalars(left: Shortcut, right: Shortcut, compare: (a: unknown, b: unknown) => boolean): Shortcut {
  return (input) => {
    const a = left(input);
    const b = right(input);
    if (!isScalar(a) || !isScalar(b)) return ASK_JSONATA;
    return a !== undefined && b !== undefined && compare(a, b);
  };
}

function inListOf(left: Shortcut, list: ExprNode): Shortcut | undefined {
  if (list.type !== 'unary' || list.value !== '[' || !has(list, 'value', 'position', 'expressions')) return undefined;
  if (!list.expressions!.every(isLiteral)) return undefined;
  const words = list.expressions!.map(({ value }) => value as unknown);
  return (input) => {
    const value = left(input);
    if (!isScalar(value)) return ASK_JSONATA;
    return value !== undefined && words.includes(value);
  };
}

/** `and`, `or`: the second side is looked at only when the first leaves it open. */
function logical(left: Shortcut, right: Shortcut, decisive: boolean): Shortcut {
  return (input) => {
    const a = truth(left(input));
    if (a === ASK_JSONATA || a === decisive) return a;
    return truth(right(input));
  };
}

/** `a ? b : c` */
function conditionOf(node: ExprNode): Shortcut | undefined {
  const { condition, then: first, else: second } = node as ExprNode & Readonly<Record<string, ExprNode | undefined>>;
  if (!condition || !first || !second || !has(node, 'position', 'condition', 'then', 'else')) return undefined;
  const [is, one, other] = [shortcutOf(condition), shortcutOf(first), shortcutOf(second)];
  if (!is || !one || !other) return undefined;
  return (input) => {
    const chosen = truth(is(input));
    if (chosen === ASK_JSONATA) return chosen;
    return chosen ? one(input) : other(input);
  };
}

function joined(left: Shortcut, right: Shortcut): Shortcut {
  return (input) => {
    const [a = '', b = ''] = [left(input), right(input)];
    return typeof a === 'string' && typeof b === 'string' ? a + b : ASK_JSONATA;
  };
}

function existsOf({ procedure, arguments: given }: ExprNode): Shortcut | undefined {
  const isExists = procedure?.type === 'variable' && procedure.value === 'exists' && given?.length === 1;
  const of = isExists ? shortcutOf(given[0]!) : undefined;
  if (!of) return undefined;
  return (input) => {
    const value = of(input);
    return value === ASK_JSONATA ? value : value !== undefined;
  };
}

/** What is not there is false; what else counts as true JSONata knows. */
function truth(value: unknown): boolean | typeof ASK_JSONATA {
  if (typeof value === 'boolean' || value === undefined) return value ?? false;
  return ASK_JSONATA;
}

function isLiteral(node: ExprNode): boolean {
  return ['string', 'number', 'value'].includes(node.type) && has(node, 'value', 'position');
}

/** Undefined counts: it is what is not there. */
function isScalar(value: unknown): boolean {
  return value === null || (typeof value !== 'object' && typeof value !== 'symbol');
}

/** Whether a node has its type and nothing but these members: every other one changes what it means. */
function has(node: ExprNode, ...members: readonly string[]): boolean {
  const given = Object.entries(node).filter(([, value]) => value !== undefined);
  return given.every(([name]) => name === 'type' || members.includes(name));
}
