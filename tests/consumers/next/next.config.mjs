// Rendered on the server at build time, so that a static server can send it.
export default { output: 'export' };
