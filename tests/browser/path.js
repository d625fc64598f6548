// Unpacks the Chromium that came with npm, and prints where it is.
import chromium from "@sparticuz/chromium";

console.log(await chromium.executablePath());
