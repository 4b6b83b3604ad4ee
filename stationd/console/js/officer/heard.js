/** What drivers say of a card whose outcome nobody knows, in Bahasa Indonesia; what is not here is shown as it came. */

import { spoken } from "../settings.js";

/** @type {Record<string, string>} */
const INDONESIAN = {
  "nothing is known any more of how far the document came": "tidak diketahui lagi sampai di mana dokumennya",
  "the printer does not know how the card ended": "mesin tidak tahu bagaimana akhirnya kartu ini",
  "the printer has restarted and remembers nothing of the card": "mesin menyala ulang dan tidak ingat kartu ini",
  "the printer no longer remembers the card": "mesin tidak ingat lagi kartu ini",
  "the printer restarted during the card": "mesin menyala ulang saat mencetak",
  "the printer says aborted, but its card counter has moved": "kata mesin gagal, tetapi penghitung kartunya bertambah",
  "the printer says completed, but its card counter has not moved": "kata mesin selesai, tetapi penghitung kartunya tidak bertambah",
  "the printer stopped answering while the card was in it": "mesin berhenti menjawab saat kartu di dalamnya",
  "the printer stopped answering while the document was on its way": "mesin berhenti menjawab saat dokumen dikirim",
  "the printer stopped in the middle of the job and began to print it again": "mesin berhenti di tengah, lalu mulai mencetak lagi",
  "the printer took a document that was cut off on its way": "mesin menerima dokumen yang terputus di jalan",
  "the printer was switched off during the card": "mesin dimatikan saat mencetak",
  "the printer was unplugged during the card": "kabel mesin dicabut saat mencetak",
  "the station let go of the printer during the card": "stasiun melepas mesin saat mencetak",
  "the station stopped while the document was on its way to the printer": "stasiun berhenti saat dokumen dikirim ke mesin",
};

/** @param {string} text */
export function heard(text) {
  return (spoken() === "id" && INDONESIAN[text]) || text;
}
