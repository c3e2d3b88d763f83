// What mailauth says of each message: `node verify.js MODULES DNS.json FILE...` prints one JSON object, file -> the
// results of its signatures in the order of the message. DNS.json: name -> text. Nothing else is ever asked.
'use strict';
const fs = require('fs');
const path = require('path');

const [modules, zone, ...files] = process.argv.slice(2);
const { dkimVerify } = require(path.join(modules, 'mailauth/lib/dkim/verify'));
const texts = JSON.parse(fs.readFileSync(zone, 'utf8'));

const resolver = async (name, type) => {
  const text = type === 'TXT' ? texts[name.toLowerCase()] : undefined;
  if (text !== undefined) return [[text]];
  const error = new Error(`no such name: ${name}`);
  error.code = 'ENOTFOUND';
  throw error;
};

(async () => {
  const verdicts = {};
  for (const file of files) {
    const found = await dkimVerify(fs.readFileSync(file), { resolver });
    verdicts[file] = found.results.filter((one) => one.signingDomain).map((one) => ({
      selector: one.selector, algorithm: one.algo, result: one.status.result, comment: one.status.comment || ''
    }));
  }
  process.stdout.write(JSON.stringify(verdicts));
})();
