// Plain JavaScript, so that an older Node prints this message and not a syntax error.
const REQUIRED_MAJOR = 26;
const major = Number(process.versions.node.split('.')[0]);

if (!(major >= REQUIRED_MAJOR)) {
  process.stderr.write(
    `需要 Node ${REQUIRED_MAJOR} 或更高版本，当前为 ${process.versions.node}。\n` +
      `Tongban needs Node ${REQUIRED_MAJOR} or later and this is ${process.versions.node} (${process.execPath}).\n` +
      'The npm package "node" in node_modules brings the right one: run `npm ci` without --ignore-scripts, ' +
      'then start through npm (`npm test`, `npm run check`, `npm run demo`, `npx tongban`).\n',
  );
  process.exit(1);
}
