import { humanSize } from '../../format.ts';
import { type Finding, fine, warning } from '../finding.ts';

/** What the machine offers. */
export interface Machine {
  /** Version of Node, without the v. */
  readonly node: string;
  /** Bytes that a process may still take. */
  readonly availableMemory: number;
}

/** Bytes that a gateway with its queues and a large material under way can come to need. */
const MEMORY_WARNING = 512 * 1024 ** 2;

/** Whether the machine is fit for a gateway. */
export function checkSystem({ node, availableMemory }: Machine): Finding {
  const free = humanSize(availableMemory);
  const words = { zh: `Node ${node},可用内存 ${free}`, en: `Node ${node}, ${free} of memory are free` };
  if (availableMemory >= MEMORY_WARNING) return fine('system', words);
  return warning('system', words, {
    zh: '内存偏紧:为这台机器或容器增加内存,或停掉同机的其他程序',
    en: 'memory is short: give the machine or the container more, or stop other programs on it',
    page: 'gateway-down',
  });
}
