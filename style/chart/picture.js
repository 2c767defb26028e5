// A chart as a picture that is kept: with its title, and with what must be known of it written across.
export async function keep(chart, { title, mark, look }) {
  const ratio = 2;
  const drawn = chart.renderToCanvas({ pixelRatio: ratio, backgroundColor: look.page });
  const picture = document.createElement("canvas");
  const head = 36 * ratio;
  picture.width = drawn.width + 16 * ratio;
  picture.height = drawn.height + head + 8 * ratio;
  const pen = picture.getContext("2d");
  pen.fillStyle = look.page;
  pen.fillRect(0, 0, picture.width, picture.height);
  pen.drawImage(drawn, 8 * ratio, head);
  pen.fillStyle = look.ink;
  pen.textBaseline = "middle";
  pen.font = `500 ${14 * ratio}px ${look.font}`;
  pen.fillText(title, 8 * ratio, head / 2, picture.width - 16 * ratio);
  if (mark) {
    pen.save();
    pen.translate(picture.width / 2, picture.height / 2);
    pen.rotate(-Math.PI / 12);
    pen.globalAlpha = 0.35;
    pen.textAlign = "center";
    pen.font = `600 ${28 * ratio}px ${look.font}`;
    pen.fillText(mark, 0, 0, picture.width * 0.9);
    pen.restore();
  }
  const blob = await new Promise((resolve) => picture.toBlob(resolve, "image/png"));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `${title.replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "").toLowerCase() || "chart"}.png`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
