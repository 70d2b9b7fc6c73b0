// A worker that takes the sound from the server and hands it to the player, so that a busy page
// holds up nothing. It is told where the player listens, and tells the page how things stand.

const AGAIN_MS = [200, 500, 1000, 2000];
let player = null;
let tries = 0;

onmessage = ({ data }) => {
  player = data.player;
  connect(data.url);
};

function connect(url) {
  const socket = new WebSocket(url);
  socket.binaryType = "arraybuffer";
  socket.onmessage = ({ data }) => {
    if (typeof data === "string") {
      tries = 0;
      postMessage({ about: JSON.parse(data) });
      return;
    }
    const first = new DataView(data).getFloat64(0, true);
    const frames = new Int16Array(data, 8);
    player.postMessage({ first, frames }, [data]);
  };
  socket.onclose = ({ reason }) => {
    postMessage({ gone: reason || "the sound is gone" });
    const wait = AGAIN_MS[Math.min(tries, AGAIN_MS.length - 1)];
    tries += 1;
    setTimeout(() => connect(url), wait);
  };
}
