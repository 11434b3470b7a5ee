/** German. */

import type { Locale } from './texts.js';

export type { Locale, TextOverrides, Texts } from './texts.js';

const RELOAD = 'Laden Sie die Seite neu; hilft das nicht, melden Sie es den Betreibern.';

const de: Locale = {
  lang: 'de',
  direction: 'ltr',
  texts: {
    start: {
      title: 'Bevor Sie beginnen',
      camera: 'Der Browser fragt nach der Kamera. Sie ist einige Sekunden an, um Ihr Gesicht aufzunehmen.',
      local: 'Die Bilder werden auf diesem Gerät geprüft. Sie werden nirgendwohin gesendet.',
      kept: 'Nichts wird aufgehoben. Die Bilder verschwinden, wenn Sie gehen oder neu beginnen.',
      button: 'Kamera starten',
      photo: 'Foto auswählen',
    },
    loading: {
      title: 'Die Prüfung wird geladen',
      some: '{loaded} MB',
      bytes: '{loaded} von {total} MB',
      prepare: 'Wird vorbereitet',
    },
    camera: {
      title: 'Gesicht in das Oval bringen',
      instructions: 'Blicken Sie gerade in die Kamera und halten Sie still. Am besten ist gleichmäßiges Licht von vorn.',
      preview: 'Kameravorschau, gespiegelt',
      oval: 'Ein Oval in der Mitte der Vorschau zeigt, wo Ihr Gesicht sein soll. Sie hören, wie Sie sich bewegen sollen.',
      choose: 'Kamera',
      taken: '{taken} von {wanted} Bildern',
    },
    analysing: {
      title: 'Wird geprüft',
      frame: 'Bild {frame} von {frames}',
      stages: {
        decode: 'Bild lesen',
        detect: 'Gesicht finden',
        align: 'Aufrecht drehen',
        identify: 'Merkmale erfassen',
        generate: 'Echtes Gesicht zeichnen',
        cue: 'Beide vergleichen',
        score: 'Unterschied bewerten',
      },
    },
    result: {
      outcomes: {
        live: { title: 'Echt', sentence: 'Das sieht nach einem lebenden Menschen vor der Kamera aus.' },
        spoof: { title: 'Fälschung', sentence: 'Das sieht nach Ausdruck, Bildschirm oder Maske aus, nicht nach einem lebenden Menschen.' },
        uncertain: { title: 'Unklar', sentence: 'Die Anzeichen sind zu schwach für ein Urteil.' },
      },
      score: 'Wert {score}, echt ab {threshold}. Bilder: {frames}, Streuung {spread}.',
      why: 'Warum',
      aligned: 'Ihr Gesicht',
      generated: 'So sähe ein echtes Gesicht aus',
      cue: 'Was abweicht',
      advisory: 'Nichts hat dieses Gerät verlassen. Das Ergebnis ist nur ein Hinweis.',
      again: 'Noch einmal prüfen',
    },
    error: { title: 'Das hat nicht geklappt', retry: 'Noch einmal versuchen' },
    cancel: 'Abbrechen',
    hints: {
      face_not_found: 'Kein Gesicht zu sehen',
      several_faces: 'Bitte nur eine Person',
      too_far: 'Kommen Sie näher',
      too_close: 'Gehen Sie etwas zurück',
      off_centre: 'Gehen Sie in die Mitte',
      turned_away: 'Blicken Sie gerade in die Kamera',
      hold_still: 'Halten Sie still',
      too_dark: 'Mehr Licht ist nötig',
      too_bright: 'Weniger Licht ist nötig',
      blurred: 'Das Bild ist unscharf: Linse putzen, still halten',
    },
    reasons: {
      few_frames: 'Nur wenige Bilder konnten geprüft werden.',
      frames_disagree: 'Manche Bilder sehen echt aus, andere nicht.',
      near_threshold: 'Der Wert liegt zu nahe an der Schwelle. Versuchen Sie es bei gleichmäßigem Licht, der Kamera zugewandt.',
      cue_strong: 'Das Gesicht weicht stark davon ab, wie ein echtes aussähe.',
      low_light: 'Es war wenig Licht.',
      overexposed: 'Es war zu viel Licht.',
      blurred: 'Die Bilder waren unscharf.',
      several_faces: 'Mehr als ein Gesicht war zu sehen; das größte wurde genommen.',
      gpu_failed: 'Der Grafikprozessor versagte, deshalb lief die Prüfung auf dem Prozessor.',
    },
    errors: {
      no_face: 'Kein Gesicht gefunden. Nehmen Sie ein Bild, das eines von vorn zeigt, groß genug und gut beleuchtet.',
      face_cut: 'Ein Teil des Gesichts liegt außerhalb des Bildes. Bewegen Sie sich so, dass es ganz zu sehen ist.',
      frame_too_small: 'Das Bild der Kamera ist zu klein für ein Gesicht. Versuchen Sie eine andere Kamera.',
      photo_empty: 'Die Datei ist leer. Wählen Sie ein anderes Foto.',
      photo_format_unknown: 'Das ist kein PNG-, JPEG-, GIF- oder WebP-Bild, wie auch immer es heißt.',
      photo_too_small: 'Das Foto hat zu wenige Bildpunkte für ein Gesicht. Wählen Sie ein größeres.',
      photo_too_large: 'Das Foto hat mehr Bildpunkte, als hier geprüft werden können. Wählen Sie ein kleineres.',
      photo_truncated: 'Die Datei endet vor dem Bild. Wählen Sie ein anderes Foto.',
      photo_unreadable: 'Die Datei ist nicht als Bild lesbar. Wählen Sie ein anderes Foto.',
      insecure_context: 'Browser öffnen die Kamera nur für Seiten über https.',
      camera_permission_denied: 'Die Kamera wurde verweigert. Erlauben Sie sie in der Adressleiste und versuchen Sie es noch einmal.',
      camera_not_found: 'Dieses Gerät hat keine Kamera, die der Browser nutzen kann. Schließen Sie eine an.',
      camera_in_use: 'Ein anderes Programm scheint die Kamera zu nutzen. Schließen Sie es.',
      camera_lost: 'Die Kamera wurde getrennt oder weggenommen. Verbinden Sie sie wieder.',
      timeout: 'Das dauerte zu lange. Versuchen Sie es bei gleichmäßigem Licht, der Kamera zugewandt.',
      page_hidden: 'Die Prüfung wurde unterbrochen. Lassen Sie diese Seite vorn, solange die Kamera an ist.',
      cancelled: 'Die Prüfung wurde abgebrochen.',
      asset_fetch_failed: 'Ein Teil der Prüfung wurde nicht geladen. Prüfen Sie Ihre Verbindung.',
      integrity_failed: `Das geladene Modell wurde verändert und wird nicht benutzt. ${RELOAD}`,
      bundle_incompatible: `Seite und Modell haben verschiedene Versionen. ${RELOAD}`,
      not_supported: 'Dieser Browser kann die Prüfung nicht ausführen. Nehmen Sie ein aktuelles Chrome, Edge, Firefox oder Safari.',
      wasm_failed: `Die Prüfung konnte nicht starten. ${RELOAD}`,
      gpu_lost: 'Der Grafikprozessor hielt an. Versuchen Sie es noch einmal.',
      out_of_memory: 'Der Speicher reicht nicht. Schließen Sie andere Tabs und Programme und laden Sie die Seite neu.',
      internal: `Ein unvorhergesehener Fehler beendete die Prüfung. ${RELOAD}`,
    },
  },
};

export default de;
