/*
 * What tests ask inside of a browser, as text: the program itself knows no browser and none of its types.
 */

/** Draws a QR code, given as rows of 0 and 1, as somebody would photograph it; a data URL of a JPEG. */
export function photographOf(modules: readonly (readonly boolean[])[]): string {
  return `(() => {
    const modules = ${JSON.stringify(modules.map((row) => row.map(Number)))};
    const canvas = document.createElement('canvas');
    canvas.width = 1500;
    canvas.height = 1100;
    const context = canvas.getContext('2d');
    const light = context.createLinearGradient(0, 0, 1500, 1100);
    light.addColorStop(0, '#e9e2d0');
    light.addColorStop(1, '#8f8a7d');
    context.fillStyle = light;
    context.fillRect(0, 0, 1500, 1100);
    context.setTransform(1.02, 0.34, -0.27, 0.94, 520, 210);
    context.fillStyle = 'rgba(255,255,255,0.75)';
    const side = 14;
    context.fillRect(-4 * side, -4 * side, (modules.length + 8) * side, (modules.length + 8) * side);
    context.fillStyle = '#2b2a33';
    modules.forEach((row, y) => row.forEach((dark, x) => dark && context.fillRect(x * side, y * side, side + 0.5, side + 0.5)));
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.filter = 'blur(1.5px)';
    context.drawImage(canvas, 0, 0);
    return canvas.toDataURL('image/jpeg', 0.6);
  })()`;
}

/** Texts whose contrast with what is behind them is below 4.5 (WCAG 2.2, 1.4.3). */
export const LOW_CONTRAST = `(() => {
  const parse = (color) => color.match(/[\\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, at) => sum + c * [0.2126, 0.7152, 0.0722][at], 0);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if (color[3] !== 0) return color;
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll('body *')].flatMap((element) => {
    const words = [...element.childNodes].filter((node) => node.nodeType === 3 && node.data.trim() !== '');
    if (words.length === 0 || !element.checkVisibility() || element.closest('.skip')) return [];
    const [a, b] = [parse(getComputedStyle(element).color), behind(element)].map(luminance).sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    return ratio < 4.5 ? [ratio.toFixed(2) + ' ' + words[0].data.trim()] : [];
  });
})()`;

/** Controls that nobody could use: without a name, or too small to be touched. */
export const POOR_CONTROLS = `[...document.querySelectorAll('button, input, textarea, a[href]')]
  .filter((element) => element.checkVisibility())
  .flatMap((element) => {
    const name = element.labels?.[0]?.textContent ?? element.textContent;
    const shown = element.type === 'file' ? element.labels[0] : element;
    const isSmall = shown.getBoundingClientRect().height < 44 && !element.matches('.skip');
    return name.trim() === '' || isSmall ? [element.outerHTML.slice(0, 80)] : [];
  })`;

/** Whether something shows where the focus is. */
export const FOCUS_SHOWN = `(() => {
  const at = document.activeElement;
  const shown = at.type === 'file' ? at.labels[0] : at;
  const { outlineStyle, outlineWidth } = getComputedStyle(shown);
  return outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2;
})()`;
