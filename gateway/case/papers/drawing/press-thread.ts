import { parentPort } from 'node:worker_threads';
import { CodedError } from '#proto';
import { openFont } from '../../../rendition/font.ts';
import { drawPaper, type PaperSheet } from './draw-paper.ts';
import type { PressAnswer } from './paper-press.ts';

/** What runs in the thread: one notice after another, with the font that was read once. */

const font = openFont();

parentPort?.on('message', async (sheet: PaperSheet) => parentPort?.postMessage(await answer(sheet)));

async function answer(sheet: PaperSheet): Promise<PressAnswer> {
  try {
    return await drawPaper(sheet, await font);
  } catch (error) {
    if (error instanceof CodedError) return { code: error.code, message: error.message };
    throw error;
  }
}
