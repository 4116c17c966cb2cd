/**
 * What moves in the page: player, scrubber and the lines in the timelines follow each other. Plain JavaScript for the
 * browser; `data` is what report-data.ts makes, `axis` where time begins and ends in a timeline, as shares of its width.
 */
export const SCRIPT = `
const { axis, videos } = JSON.parse(document.getElementById('data').textContent);
const clock = (seconds) => {
  const whole = Math.floor(seconds);
  const two = (value) => String(value).padStart(2, '0');
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const tenths = Math.floor((seconds - whole) * 10);
  return (hours ? hours + ':' + two(minutes) : minutes) + ':' + two(whole % 60) + '.' + tenths;
};
const lastBefore = (times, time) => {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] <= time) low = middle + 1;
    else high = middle;
  }
  return low - 1;
};
for (const [index, data] of videos.entries()) {
  const section = document.getElementById('video-' + index);
  const player = section.querySelector('video');
  const range = section.querySelector('input[type=range]');
  const output = section.querySelector('output');
  const playheads = section.querySelectorAll('.playhead');
  const faces = section.querySelectorAll('.now > div');
  const show = (time) => {
    const share = (time - data.start) / Math.max(data.end - data.start, 1e-9);
    const left = axis.from + Math.min(Math.max(share, 0), 1) * (axis.to - axis.from);
    for (const playhead of playheads) playhead.style.left = 100 * left + '%';
    output.textContent = clock(time) + ' of ' + clock(data.end);
    range.value = time;
    range.setAttribute('aria-valuetext', clock(time));
    data.tracks.forEach((track, i) => showFace(faces[i], track, time));
  };
  const showFace = (element, { times, values }, time) => {
    const at = lastBefore(times, time + 1e-6);
    const seen = at >= 0 && time - times[at] <= Math.max(2 * data.step, 1);
    element.classList.toggle('away', !seen);
    const shares = seen ? values[at] : data.names.map(() => 0);
    const most = Math.max(...shares);
    element.querySelectorAll('li').forEach((row, i) => {
      row.classList.toggle('likeliest', seen && shares[i] === most);
      row.querySelector('i').style.width = shares[i] + '%';
      row.querySelector('b').textContent = seen ? shares[i] + '%' : '';
    });
  };
  const seek = (time) => {
    if (player && player.readyState > 0) player.currentTime = time;
    show(time);
  };
  range.addEventListener('input', () => seek(Number(range.value)));
  for (const timeline of section.querySelectorAll('.timeline')) {
    timeline.addEventListener('click', (event) => {
      const { left, width } = timeline.getBoundingClientRect();
      const share = ((event.clientX - left) / width - axis.from) / (axis.to - axis.from);
      seek(data.start + Math.min(Math.max(share, 0), 1) * (data.end - data.start));
    });
  }
  if (player) {
    const follow = () => {
      show(player.currentTime);
      if (!player.paused && !player.ended) requestAnimationFrame(follow);
    };
    player.addEventListener('play', follow);
    player.addEventListener('seeked', follow);
    player.addEventListener('loadedmetadata', () => { player.currentTime = Number(range.value); });
    const fail = () => { section.querySelector('.unplayable').hidden = false; };
    player.addEventListener('error', fail);
    if (player.error) fail();
  }
  show(data.start);
}
`;
