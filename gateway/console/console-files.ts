import { MEDIA_TYPES, PageFiles, type PageSource } from '../page-files.ts';
import { regionWords } from '../verify/words.ts';
import { registryModule } from './registry-module.ts';

/**
 * What the console may do: run and show what it brings itself, and ask this gateway. Vue makes one policy of Trusted
 * Types when it starts, `vue`; nobody else may make any.
 */
export const CONSOLE_POLICY = [
  "default-src 'none'",
  "base-uri 'none'",
  "connect-src 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "img-src 'self'",
  "require-trusted-types-for 'script'",
  "script-src 'self'",
  "style-src 'self'",
  'trusted-types vue',
].join(';');

const { html, css, script, svg } = MEDIA_TYPES;

/** Modules of ours. */
const MODULES = [
  'account.js',
  'api.js',
  'deal.js',
  'guidance.js',
  'letter.js',
  'letters.js',
  'main.js',
  'parts.js',
  'place.js',
  'session.js',
  'shell.js',
  'sign-in.js',
  'words.js',
] as const;

/**
 * Everything that the console (管理控制台) is made of, by the name under `/console/`: our modules as they are, Vue and Element
 * Plus from their packages, and the tables of the program.
 *
 * @param region our own: the page says whose it is, in words of the table of regions, which has no character of markup
 */
export function consoleFiles(region: string): PageFiles {
  const named = (text: string) => text.replaceAll('{{region}}', regionWords(region));
  const modules = MODULES.map((name): [string, PageSource] => [name, { mediaType: script, url: ours(name) }]);
  const element = import.meta.resolve('element-plus/dist/index.full.min.mjs');
  const chinese = import.meta.resolve('element-plus/dist/locale/zh-cn.min.mjs');
  return new PageFiles({
    'index.html': { mediaType: html, url: ours('index.html'), change: named },
    'console.css': { mediaType: css, url: ours('console.css') },
    'icon.svg': { mediaType: svg, url: ours('icon.svg') },
    ...Object.fromEntries(modules),
    'registry.js': { mediaType: script, text: registryModule },
    'vue.js': { mediaType: script, url: import.meta.resolve('vue/dist/vue.runtime.esm-browser.prod.js') },
    'element-plus.js': { mediaType: script, url: element, change: withOurVue },
    'element-plus-zh-cn.js': { mediaType: script, url: chinese, change: withoutMap },
    'element-plus.css': { mediaType: css, url: import.meta.resolve('element-plus/dist/index.css') },
  });
}

/**
 * Browsers know no packages: what imports `vue` is told where it lies.
 *
 * @throws Error when the package has another form than expected, so that no page is served that cannot start
 */
export function withOurVue(text: string): string {
  const parts = withoutMap(text).split(/\bfrom\s*(?:"vue"|'vue')/);
  if (parts.length !== 2) throw new Error(`element-plus imports vue ${parts.length - 1} times, and not once`);
  return parts.join('from"./vue.js"');
}

/** Nobody serves the map of the source. */
function withoutMap(text: string): string {
  return text.replace(/\n\/\/# sourceMappingURL=\S+\s*$/, '\n');
}

function ours(name: string): string {
  return new URL(`./page/${name}`, import.meta.url).href;
}
