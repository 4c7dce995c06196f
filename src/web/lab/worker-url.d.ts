/** Address of a worker that the build has bundled. */
declare module '*?worker&url' {
  const address: string;
  export default address;
}
