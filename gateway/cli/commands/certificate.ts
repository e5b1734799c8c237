import type { Command } from 'commander';
import type { Cli } from '../command.ts';
import { defineCheck } from './certificate-check.ts';
import { defineLibrary } from './certificate-library.ts';
import { defineNotices } from './certificate-notices.ts';
import { definePresent } from './certificate-present.ts';
import { defineSearch } from './certificate-search.ts';
import { defineStamp } from './certificate-stamp.ts';
import { defineStatus } from './certificate-status.ts';
import { defineVerify } from './certificate-verify.ts';

/** `tongban certificate`: issue, look up, change, present, verify and ask. */
export function define(command: Command, cli: Cli): void {
  defineLibrary(command, cli);
  defineSearch(command, cli);
  defineStatus(command, cli);
  defineNotices(command, cli);
  definePresent(command, cli);
  defineStamp(command, cli);
  defineVerify(command, cli);
  defineCheck(command, cli);
}
