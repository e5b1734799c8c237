import { existsSync } from 'node:fs';
import chromiumPackage from '@sparticuz/chromium';
import { type Browser, chromium } from 'playwright-core';

/** Browsers of the machine; the last resort is the one that comes as a package. */
const INSTALLED = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const ARGUMENTS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking'];

/** A browser that started, or why none did: a test says so in its title. */
export type FoundBrowser = { readonly browser: Browser; readonly reason: '' } | { readonly reason: string };

/**
 * Starts a real browser without a window.
 *
 * @param more arguments of Chromium
 */
export async function findBrowser(...more: readonly string[]): Promise<FoundBrowser> {
  const reasons: string[] = [];
  for (const path of [...INSTALLED.filter((one) => existsSync(one)), 'package']) {
    try {
      const executablePath = path === 'package' ? await chromiumPackage.executablePath() : path;
      return { browser: await chromium.launch({ executablePath, args: [...ARGUMENTS, ...more] }), reason: '' };
    } catch (error) {
      reasons.push(`${path}: ${String(error).split('\n')[0]}`);
    }
  }
  return { reason: `no browser starts here (${reasons.join('; ')})` };
}
