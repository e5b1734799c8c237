import { both, fields, integer, list, oneOf, optional, type Problem, type Rule, text } from '#proto';
import { absolutePath, adapterName } from '../config-rules.ts';
import { encodingRule } from '../encodings.ts';
import { type TlsConfig, tlsRules } from '../http/client-tls.ts';
import { keyPaths } from '../http/records.ts';
import type { XmlOptions } from '../xml/read-xml.ts';
import { memberPath, prefixesRule } from '../xml/xml-rules.ts';

/** What records of one case have in common: the record key, a header, or a member of the document. */
export interface LaneConfig {
  readonly by: 'record-key' | 'header' | 'field';
  /** Of the header, or the path of the member. */
  readonly name?: string | null;
}

export interface IntakeConfig {
  readonly topics: readonly string[];
  /** Name of the consumer group, by which the brokers remember how far it has read. */
  readonly group: string;
  /** What makes a record known again: the header of its id, its place in the topic, its value, or members of it. */
  readonly key?: 'message-id' | 'offset' | 'value' | readonly string[] | null;
  /** Header with the id that the sender chose. */
  readonly id_header?: string | null;
  readonly lane?: LaneConfig | null;
  /** Records in hand: under way, or waiting for those of the same case or for another try. */
  readonly in_hand?: number | null;
  /** Wait before another try, doubled each time up to a minute. */
  readonly retry_ms?: number | null;
  readonly xml?: XmlOptions | null;
  /** Where outcomes are told. */
  readonly reply?: { readonly topic: string } | null;
}

export interface SaslConfig {
  readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
  readonly user: string;
  readonly password_file: string;
}

/** Where the brokers are, and how they are reached. */
export interface ClusterPlace {
  /** `HOST:PORT` of some of them; these name the others. */
  readonly brokers: readonly string[];
  /** Left out means TLS. */
  readonly security?: 'tls' | 'plaintext' | null;
  readonly tls?: TlsConfig | null;
  readonly sasl?: SaslConfig | null;
  /** How long a connection, or the confirmation of a record, may take. */
  readonly timeout_ms?: number | null;
}

export interface KafkaConfig extends ClusterPlace {
  readonly name: string;
  readonly in?: IntakeConfig | null;
  readonly out?: { readonly topic: string } | null;
}

/** Names that Kafka takes for topics. */
export const TOPIC_NAME = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}$/;
/** Names of headers. */
export const HEADER_NAME = /^[A-Za-z][A-Za-z0-9_.:-]{0,127}$/;

const topicName = text(249, { pattern: TOPIC_NAME, hint: 'must be letters, digits, ., _ and -' });
const headerName = text(128, { pattern: HEADER_NAME, hint: 'must be letters, digits, _, ., : and -' });
const broker = text(260, { pattern: /^[A-Za-z0-9.-]{1,253}:[1-9]\d{0,4}$/, hint: 'must look like HOST:PORT' });
const plainText = text(255, { pattern: /^[\x21-\x7e]+$/, hint: 'must be ASCII without blanks' });

const keyRule: Rule = (value, pointer, problems) => {
  if (typeof value === 'string') oneOf('message-id', 'offset', 'value')(value, pointer, problems);
  else keyPaths(value, pointer, problems);
};

export const kafkaRules: Rule = both(
  fields({
    name: adapterName,
    brokers: list(broker, 16, 1),
    security: optional(oneOf('tls', 'plaintext')),
    tls: optional(tlsRules),
    sasl: optional(
      fields({
        mechanism: oneOf('PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'),
        user: plainText,
        password_file: absolutePath,
      }),
    ),
    timeout_ms: optional(integer(100, 120_000)),
    in: optional(
      fields({
        topics: list(topicName, 16, 1),
        group: plainText,
        key: optional(keyRule),
        id_header: optional(headerName),
        lane: optional(
          both(fields({ by: oneOf('record-key', 'header', 'field'), name: optional(memberPath) }), laneFits),
        ),
        in_hand: optional(integer(1, 1_000)),
        retry_ms: optional(integer(10, 60_000)),
        xml: optional(
          fields({
            lists: optional(list(memberPath, 100)),
            prefixes: optional(prefixesRule),
            encoding: optional(encodingRule),
          }),
        ),
        reply: optional(fields({ topic: topicName })),
      }),
    ),
    out: optional(fields({ topic: topicName })),
  }),
  fits,
);

function laneFits(value: unknown, pointer: string, problems: Problem[]): void {
  const { by, name } = value as LaneConfig;
  const at = `${pointer}/name`;
  if (by === 'record-key' && name)
    problems.push({ pointer: at, code: 'CONFLICT', message: 'has no use with by: record-key' });
  if (by !== 'record-key' && !name) problems.push({ pointer: at, code: 'REQUIRED', message: 'is required' });
}

function fits(value: unknown, pointer: string, problems: Problem[]): void {
  const { security, tls, in: intake, out } = value as KafkaConfig;
  if (!intake && !out) problems.push({ pointer, code: 'REQUIRED', message: 'needs in, out or both' });
  if (tls && security === 'plaintext')
    problems.push({ pointer: `${pointer}/tls`, code: 'CONFLICT', message: 'has no use with security: plaintext' });
  if (intake?.reply && intake.topics.includes(intake.reply.topic))
    problems.push({
      pointer: `${pointer}/in/reply/topic`,
      code: 'CONFLICT',
      message: 'is read as well: replies would come back as records',
    });
}
