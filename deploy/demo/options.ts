import { parseArgs } from 'node:util';

/** What the person who starts the demo wants. */
export interface DemoOptions {
  /** One JSON object last on standard output; progress goes to standard error. */
  readonly json: boolean;
  /** Leaves the gateways running. */
  readonly keep: boolean;
}

export const USAGE = `用法 / usage: npm run demo [-- --json] [-- --keep]

  --json   最后在标准输出打印一个 JSON 对象 / print one JSON object last
  --keep   演示后保持两个网关运行,打印地址与令牌 / leave the gateways running and print URLs and tokens
`;

/** @throws TypeError for an option that there is not */
export function readOptions(argv: readonly string[]): DemoOptions | 'help' {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      json: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
    allowPositionals: false,
  });
  return values.help ? 'help' : { json: values.json, keep: values.keep };
}
