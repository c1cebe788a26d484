/* The work of a page that was tried too often: find a number whose SHA-256, together with the page's challenge, begins
   with enough zero bits, then send the form again. In a worker, so that the page stays usable; without one, in pieces. */
"use strict";
(() => {
  const constants = [];
  const start = [];
  const fraction = (value) => ((value - Math.floor(value)) * 4294967296) | 0;
  for (let number = 2; constants.length < 64; number++) {
    let divisor = 2;
    while (number % divisor) divisor++;
    if (divisor < number) continue;
    if (start.length < 8) start.push(fraction(Math.sqrt(number)));
    constants.push(fraction(Math.cbrt(number)));
  }
  const K = Int32Array.from(constants);
  const W = new Int32Array(64);

  /* One block of 64 bytes, from FIPS 180-4. */
  const compress = (state, bytes, from) => {
    for (let i = 0; i < 16; i++, from += 4) {
      W[i] = (bytes[from] << 24) | (bytes[from + 1] << 16) | (bytes[from + 2] << 8) | bytes[from + 3];
    }
    for (let i = 16; i < 64; i++) {
      const x = W[i - 15];
      const y = W[i - 2];
      const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
      const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
      W[i] = (W[i - 16] + s0 + W[i - 7] + s1) | 0;
    }
    let a = state[0], b = state[1], c = state[2], d = state[3];
    let e = state[4], f = state[5], g = state[6], h = state[7];
    for (let i = 0; i < 64; i++) {
      const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
      const one = (h + s1 + ((e & f) ^ (~e & g)) + K[i] + W[i]) | 0;
      const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
      const two = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g; g = f; f = e; e = (d + one) | 0;
      d = c; c = b; b = a; a = (one + two) | 0;
    }
    state[0] = (state[0] + a) | 0; state[1] = (state[1] + b) | 0; state[2] = (state[2] + c) | 0;
    state[3] = (state[3] + d) | 0; state[4] = (state[4] + e) | 0; state[5] = (state[5] + f) | 0;
    state[6] = (state[6] + g) | 0; state[7] = (state[7] + h) | 0;
  };

  /* The blocks that hold only the challenge are hashed once. Then ten digits count up, as on a milometer. */
  const miner = (challenge, bits) => {
    const text = Array.from(`${challenge}:0000000000`, (sign) => sign.charCodeAt(0));
    const whole = Math.floor((text.length - 10) / 64) * 64;
    const first = Int32Array.from(start);
    for (let at = 0; at < whole; at += 64) compress(first, text, at);
    const end = text.length - whole;
    const tail = new Uint8Array(end + 9 > 64 ? 128 : 64);
    tail.set(text.slice(whole));
    tail[end] = 128;
    new DataView(tail.buffer).setUint32(tail.length - 4, text.length * 8);
    const state = new Int32Array(8);
    return (tries) => {
      for (; tries > 0; tries--) {
        state.set(first);
        for (let at = 0; at < tail.length; at += 64) compress(state, tail, at);
        if (state[0] >>> (32 - bits) === 0) return String.fromCharCode(...tail.slice(end - 10, end));
        let at = end - 1;
        while (tail[at] === 57) tail[at--] = 48;
        tail[at]++;
      }
      return "";
    };
  };

  if (typeof document === "undefined") {
    onmessage = (event) => postMessage(miner(event.data.challenge, event.data.bits)(1e9));
    return;
  }

  const form = document.getElementById("work-form");
  const task = { challenge: form.elements.work.value, bits: Number(form.dataset.bits) };
  const send = (answer) => {
    form.elements.answer.value = answer;
    form.submit();
  };
  const alone = () => {
    const mine = miner(task.challenge, task.bits);
    const piece = () => {
      const answer = mine(4000);
      if (answer) send(answer);
      else setTimeout(piece);
    };
    piece();
  };
  try {
    const worker = new Worker(document.currentScript.src);
    worker.onmessage = (event) => send(event.data);
    worker.onerror = alone;
    worker.postMessage(task);
  } catch {
    alone();
  }
})();
