// The verification page (核验页). Whatever a QR code or a file says is only sent to our own gateway and shown as text:
// nothing of it is followed, and nothing of it becomes markup.

const SERVICE = new URL('../v1/public/verify/', import.meta.url);
/** The decoder of QR codes, fetched when there is one to be read. */
const DECODER = new URL('decode.js', import.meta.url);
const MAX_FILE_BYTES = 20 * 1024 * 1024;
/** Longest sides, in pixels, at which a picture is searched for a QR code, one after the other. */
const PICTURE_SIDES = [1000, 1800, 600, 3200];
const CAMERA_SIDE = 800;
/** Milliseconds between two looks through the camera. */
const CAMERA_PAUSE_MS = 120;

const PROOF_NAMES = {
  file: ['文件', 'File'],
  signature: ['签名', 'Signature'],
  issuer: ['签发地区', 'Issuer'],
  status: ['状态', 'Status'],
  validity: ['有效期', 'Dates'],
  holder: ['持证人', 'Holder'],
  print: ['所见内容', 'Shown'],
  seal: ['签章', 'Seal'],
};
const RESULTS = {
  proven: ['已证明', 'Proved', 'good'],
  open: ['未证明', 'Not proved', 'caution'],
  failed: ['不成立', 'Does not hold', 'bad'],
};
const KINDS = {
  reference: '查验码 Reference',
  certificate: '证照文本 Certificate',
  paper: '纸质凭证二维码 Certificate on paper',
  pdf: '证照 PDF',
  notice: '办件文书 Notice',
  document: '部门文件 Document',
};
/** What goes wrong before the gateway is asked. */
const FAULTS = {
  large: ['文件超过 20 MiB。', 'The file is larger than 20 MiB.'],
  picture: [
    '这张图片无法打开。请用截图，或另存为 PNG、JPEG。',
    'This picture cannot be opened. Take a screenshot, or save it as PNG or JPEG.',
  ],
  noCode: [
    '图片中没有找到二维码。请让二维码更大、更清楚，再试一次。',
    'There is no QR code in the picture. Make it larger and sharper, and try again.',
  ],
  empty: ['请先输入二维码中的文字或证照全文。', 'Enter the text of the QR code or the certificate first.'],
  offline: ['连接不上核验服务，请稍后再试。', 'The service cannot be reached. Please try again later.'],
  camera: [
    '摄像头打不开：请允许本页使用摄像头，或改用照片。',
    'The camera cannot be opened: allow this page to use it, or take a picture.',
  ],
};

const byId = (id) => document.getElementById(id);
const summary = byId('summary');
const details = byId('details');
/** Counts verifications: what an older one finds is no longer shown. */
let current = 0;
let camera;
/** What stands in the summary before anything was verified. */
const nothingYet = [...summary.childNodes];

byId('file').addEventListener('change', (event) => {
  const [file] = event.target.files;
  event.target.value = '';
  if (file) verifyFile(file);
});

byId('form').addEventListener('submit', (event) => {
  event.preventDefault();
  const text = byId('text').value;
  const isEmpty = text.trim() === '';
  byId('text-error').textContent = isEmpty ? FAULTS.empty.join(' / ') : '';
  byId('text').setAttribute('aria-invalid', String(isEmpty));
  if (isEmpty) byId('text').focus();
  else verifyText(text);
});

document.addEventListener('dragover', (event) => {
  event.preventDefault();
  byId('drop').classList.add('over');
});
for (const over of ['dragleave', 'dragend', 'drop'])
  document.addEventListener(over, () => byId('drop').classList.remove('over'));
document.addEventListener('drop', (event) => {
  event.preventDefault();
  const [file] = event.dataTransfer.files;
  if (file) verifyFile(file);
});
document.addEventListener('paste', (event) => {
  const [file] = event.clipboardData?.files ?? [];
  if (file) verifyFile(file);
});

if (window.isSecureContext && navigator.mediaDevices?.getUserMedia) {
  byId('scan').hidden = false;
  byId('no-camera').hidden = true;
  byId('scan').addEventListener('click', scan);
  byId('stop').addEventListener('click', () => {
    stopCamera();
    byId('scan').focus();
  });
  document.addEventListener('visibilitychange', () => document.hidden && stopCamera());
}

/** Verifies a file: a picture is read here and never leaves, any other goes to the gateway. */
async function verifyFile(file) {
  const turn = begin('正在核验', 'Verifying');
  if (await isPicture(file)) return verifyPicture(turn, file);
  if (file.size > MAX_FILE_BYTES) return showFault(turn, FAULTS.large);
  await ask(turn, 'file', 'application/octet-stream', file, file.name);
}

function verifyText(text) {
  const turn = begin('正在核验', 'Verifying');
  return ask(turn, 'text', 'application/json', JSON.stringify({ text }));
}

async function verifyPicture(turn, file) {
  let picture;
  try {
    picture = await createImageBitmap(file);
  } catch {
    return showFault(turn, FAULTS.picture);
  }
  const text = await codeIn(picture, PICTURE_SIDES);
  picture.close();
  if (text === undefined) return showFault(turn, FAULTS.noCode);
  await ask(turn, 'text', 'application/json', JSON.stringify({ text }), file.name);
}

/** By its first bytes, whatever it is called. */
async function isPicture(file) {
  const head = String.fromCharCode(...new Uint8Array(await file.slice(0, 12).arrayBuffer()));
  return /^(\x89PNG|\xff\xd8\xff|GIF8|BM|RIFF.{4}WEBP|.{4}ftyp(heic|heix|mif1|avif))/s.test(head);
}

/** The text of a QR code in a picture; undefined when there is none. */
async function codeIn(source, sides) {
  const { decodeQR } = await import(DECODER.href);
  for (const side of sides) {
    // Lets the page show that it works.
    await new Promise((resolve) => setTimeout(resolve));
    try {
      return decodeQR(pixelsOf(source, side), { timeLimit: 400 });
    } catch {
      // Not at this size.
    }
  }
  return undefined;
}

/** The pixels of a picture on white, with a margin, since a code cut to its edge has no quiet zone. */
function pixelsOf(source, side) {
  const width = source.videoWidth ?? source.width;
  const height = source.videoHeight ?? source.height;
  const scale = Math.min(side / Math.max(width, height), 4);
  const margin = Math.round(side / 20);
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(width * scale)) + 2 * margin;
  canvas.height = Math.max(1, Math.round(height * scale)) + 2 * margin;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.fillStyle = '#fff';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(source, margin, margin, canvas.width - 2 * margin, canvas.height - 2 * margin);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

async function scan() {
  const video = byId('video');
  byId('scan').hidden = true;
  byId('viewfinder').hidden = false;
  byId('scan-state').textContent = '请把二维码放在画面中央 / Hold the QR code into the picture';
  byId('stop').focus();
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' }, audio: false });
    camera = stream;
    video.srcObject = stream;
    await video.play();
    while (camera === stream) {
      const text = video.videoWidth > 0 ? await codeIn(video, [CAMERA_SIDE]) : undefined;
      if (camera === stream && text !== undefined) {
        stopCamera();
        verifyText(text);
      } else await new Promise((resolve) => setTimeout(resolve, CAMERA_PAUSE_MS));
    }
  } catch {
    stopCamera();
    showFault(begin('', ''), FAULTS.camera);
  }
}

function stopCamera() {
  for (const track of camera?.getTracks() ?? []) track.stop();
  camera = undefined;
  byId('video').srcObject = null;
  byId('viewfinder').hidden = true;
  byId('scan').hidden = false;
}

/** Asks the gateway and shows what it says. */
async function ask(turn, what, mediaType, body, name) {
  let answer;
  let said;
  try {
    answer = await fetch(new URL(what, SERVICE), {
      method: 'POST',
      headers: { 'content-type': mediaType },
      body,
      cache: 'no-store',
      credentials: 'omit',
      redirect: 'error',
    });
    said = await answer.json();
  } catch {
    return showFault(turn, FAULTS.offline);
  }
  if (turn !== current) return;
  if (answer.ok) showVerdict(turn, said, name);
  else showProblem(turn, said, Number(answer.headers.get('retry-after')));
}

function begin(zh, en) {
  current += 1;
  details.replaceChildren();
  summary.replaceChildren(make('p', 'empty working', zh, english(en)));
  byId('result').setAttribute('aria-busy', 'true');
  bringIntoView();
  return current;
}

/** Leaves nothing of a certificate to whoever uses this screen next. */
function forget() {
  current += 1;
  stopCamera();
  byId('form').reset();
  byId('text-error').textContent = '';
  byId('text').removeAttribute('aria-invalid');
  summary.replaceChildren(...nothingYet);
  details.replaceChildren();
  byId('result').removeAttribute('aria-busy');
}

function showFault(turn, [zh, en]) {
  show(turn, [banner('caution sentence', zh, en)], [again()]);
}

/** An error of the gateway (RFC 9457); its detail is a sentence in both languages. */
function showProblem(turn, { code, status, detail }, waitSeconds) {
  const [zh, en] = String(detail).split(' / ');
  const isAboutIt = (status === 404 || status === 422) && code !== 'VALIDATION_FAILED';
  const wait =
    waitSeconds > 0 ? [make('p', 'source', `请于 ${waitSeconds} 秒后再试 / Try again in ${waitSeconds} s`)] : [];
  const named = make('p', 'source', '代码 Code ', make('code', '', String(code)));
  show(turn, [banner(`${isAboutIt ? 'bad' : 'caution'} sentence`, zh, en), ...wait, named], [again()]);
}

function showVerdict(turn, verdict, name) {
  const { tone, conclusion, kind, checkedAt, proofs, rows, masked, findings } = verdict;
  const at = new Date(checkedAt).toLocaleString('zh-CN', { timeZone: 'Asia/Shanghai', hour12: false });
  const read = [KINDS[kind] ?? kind, name, `核验于 ${at}`].filter(Boolean).join(' · ');
  const parts = [title('逐项核验', 'What was proved, and what was not'), list('proofs', proofs.map(proofItem))];
  if (rows.length > 0) {
    parts.push(masked ? title('证照信息（已脱敏）', 'What may be shown, masked') : title('所载内容', 'What it says'));
    parts.push(make('dl', 'rows', ...rows.flatMap(rowItems)));
  }
  if (findings.length > 0) parts.push(title('检查发现', 'Findings'), list('findings', findings.map(findingItem)));
  show(turn, [banner(tone, conclusion.zh, conclusion.en), make('p', 'source', read)], [...parts, again(true)]);
}

function show(turn, top, below) {
  if (turn !== current) return;
  summary.replaceChildren(...top);
  details.replaceChildren(...below);
  byId('result').setAttribute('aria-busy', 'false');
  bringIntoView();
}

/** On a phone the result is below; on a desk it is beside what was asked. */
function bringIntoView() {
  const { top } = byId('result').getBoundingClientRect();
  if (top < 0 || top > window.innerHeight / 2) byId('result').scrollIntoView();
}

function banner(tone, zh, en) {
  return make('div', `verdict ${tone}`, icon(tone.split(' ')[0]), make('strong', '', zh), english(en));
}

function proofItem({ name, result, zh, en }) {
  const [nameZh, nameEn] = PROOF_NAMES[name] ?? [name, ''];
  const [wordZh, wordEn, tone] = RESULTS[result];
  const head = make(
    'div',
    'proof-head',
    make('b', '', nameZh, english(nameEn)),
    make('span', 'mark-word', `${wordZh} ${wordEn}`),
  );
  return make('li', tone, icon(tone), head, make('p', 'proof-text', zh, english(en)));
}

function rowItems({ zh, en, value }) {
  return [make('dt', '', zh, english(en)), make('dd', '', value)];
}

function findingItem({ zh, en, where, code }) {
  return make('li', '', make('code', '', code), ` ${zh}`, where === '' ? '' : `（${where}）`, english(en));
}

function again(printable = false) {
  const next = button('再核验一份', 'Verify another', () => {
    forget();
    window.scrollTo({ top: 0 });
    byId('file').focus({ preventScroll: true });
  });
  return make('div', 'again', next, ...(printable ? [button('打印', 'Print', () => window.print())] : []));
}

function button(zh, en, act) {
  const made = make('button', 'button', `${zh} `, english(en));
  made.type = 'button';
  made.addEventListener('click', act);
  return made;
}

function title(zh, en) {
  return make('h3', '', zh, english(en));
}

function list(className, items) {
  return make('ul', className, ...items);
}

function english(text) {
  const span = make('span', '', text ?? '');
  span.lang = 'en';
  return span;
}

function icon(tone) {
  return byId(`icon-${tone}`).content.cloneNode(true);
}

/** An element with text and elements in it; text is only ever text. */
function make(tag, className, ...content) {
  const element = document.createElement(tag);
  if (className !== '') element.className = className;
  element.append(...content);
  return element;
}
