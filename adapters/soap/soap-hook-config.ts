import { absentOr, fields, oneOf, optional, type Rule, text } from '#proto';
import { absolutePath } from '../config-rules.ts';
import { type HookAuthConfig, hookAuthRules } from '../http/hook/hook-proof.ts';
import { PUSH_RULES, type PushConfig } from '../http/hook/push-source.ts';
import type { UsernameTokenConfig } from './username-token.ts';

/** What a platform may send to us in SOAP, and how it is answered. Paths begin in the body of the message. */
export interface SoapHookConfig extends PushConfig {
  readonly auth: HookAuthConfig | UsernameTokenConfig;
  readonly answer?: {
    /** Element of the answer; that of the message followed by `Response` when left out. */
    readonly element?: string;
    /** Namespace of the answer; that of the settings when left out. */
    readonly namespace?: string;
    /** What is in it, with the places of an acknowledgement. */
    readonly body?: Readonly<Record<string, unknown>>;
  };
}

const token = fields({
  type: oneOf('username-token'),
  user: text(128),
  password_file: absolutePath,
  password: optional(oneOf('digest', 'text')),
});
const object: Rule = (value, pointer, problems) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    problems.push({ pointer, code: 'TYPE', message: 'must be an object' });
};

const auth: Rule = (value, pointer, problems) => {
  const isToken = (value as { type?: unknown } | null | undefined)?.type === 'username-token';
  (isToken ? token : hookAuthRules)(value, pointer, problems);
};

export const soapHookRule: Rule = fields({
  ...PUSH_RULES,
  auth,
  answer: optional(fields({ element: optional(text(128)), namespace: optional(text(512)), body: absentOr(object) })),
});
