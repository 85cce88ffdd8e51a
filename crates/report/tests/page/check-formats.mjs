// Holds documents against what others publish about their format: SARIF against its schema, RDJSON against a validator of reviewdog's
// format. In: the folder of the tools, then files named by their format. Out: one line a file; exit code 1 where one does not hold.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { dirname, extname, join } from "node:path";

const [tools, ...files] = process.argv.slice(2);
const require = createRequire(join(tools, "package.json"));
const Ajv = require("ajv");
const { RDFormatValidator } = require("@umbrelladocs/rdformat-validator");

const home = dirname(require.resolve("@microsoft/jest-sarif/package.json"));
const schema = JSON.parse(readFileSync(join(home, "lib/schemas/sarif-2.1.0-rtm.5.json"), "utf8"));
delete schema.$schema;
const holds = new Ajv({ unknownFormats: "ignore", schemaId: "auto", allErrors: true }).compile(schema);

const faults = {
  ".sarif": (text) => (holds(JSON.parse(text)) ? [] : holds.errors),
  ".rdjson": async (text) => {
    // Newer than the validator: held to the shape that reviewdog's own definition gives them, and taken out.
    const document = JSON.parse(text);
    const odd = [];
    for (const diagnostic of document.diagnostics) {
      for (const { message, location, ...rest } of diagnostic.related_locations ?? []) {
        if (typeof message !== "string" || typeof location?.path !== "string" || Object.keys(rest).length) odd.push({ message, location, rest });
      }
      delete diagnostic.related_locations;
    }
    if (odd.length) return odd;
    const { valid, errors } = await new RDFormatValidator({ strictMode: true, allowExtraFields: false }).validateString(JSON.stringify(document));
    return valid ? [] : errors;
  },
};
let failed = 0;
for (const file of files) {
  const found = await faults[extname(file)](readFileSync(file, "utf8"));
  failed += found.length === 0 ? 0 : 1;
  console.log(`${found.length === 0 ? "ok" : "FAILED"}  ${file}: ${found.length === 0 ? "valid" : JSON.stringify(found.slice(0, 5))}`);
}
process.exit(failed ? 1 : 0);
