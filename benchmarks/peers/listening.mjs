/** Says where a server listens, in the words that the benchmark waits for. */
export function listening(server) {
  console.log(JSON.stringify({ url: `http://127.0.0.1:${server.address().port}` }));
}
