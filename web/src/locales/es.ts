/** Spanish. */

import type { Locale } from './texts.js';

export type { Locale, TextOverrides, Texts } from './texts.js';

const RELOAD = 'Recargue la página; si no ayuda, avise a sus responsables.';

const es: Locale = {
  lang: 'es',
  direction: 'ltr',
  texts: {
    start: {
      title: 'Antes de empezar',
      camera: 'El navegador pedirá permiso para la cámara. Estará encendida unos segundos para tomar imágenes de su cara.',
      local: 'Las imágenes se comprueban en este dispositivo. No se envían a ninguna parte.',
      kept: 'No se guarda nada. Las imágenes se descartan al salir o al empezar de nuevo.',
      button: 'Encender la cámara',
      photo: 'Elegir una foto',
    },
    loading: {
      title: 'Cargando la comprobación',
      some: '{loaded} MB',
      bytes: '{loaded} de {total} MB',
      prepare: 'Preparando',
    },
    camera: {
      title: 'Coloque su cara en el óvalo',
      instructions: 'Mire de frente a la cámara y no se mueva. Lo mejor es una luz uniforme de frente.',
      preview: 'Vista de la cámara, reflejada',
      oval: 'Un óvalo en el centro de la vista indica dónde debe estar su cara. Se le dirá cómo moverse.',
      choose: 'Cámara',
      taken: '{taken} de {wanted} imágenes',
    },
    analysing: {
      title: 'Comprobando',
      frame: 'Imagen {frame} de {frames}',
      stages: {
        decode: 'Leer la imagen',
        detect: 'Buscar la cara',
        align: 'Enderezarla',
        identify: 'Reconocer sus rasgos',
        generate: 'Dibujar la cara real',
        cue: 'Comparar las dos',
        score: 'Valorar la diferencia',
      },
    },
    result: {
      outcomes: {
        live: { title: 'Persona real', sentence: 'Parece una persona viva ante la cámara.' },
        spoof: { title: 'Suplantación', sentence: 'Parece una impresión, una pantalla o una máscara, no una persona viva.' },
        uncertain: { title: 'Dudoso', sentence: 'Los indicios son demasiado débiles para decidir.' },
      },
      score: 'Puntuación {score}, real desde {threshold}. Imágenes: {frames}, dispersión {spread}.',
      why: 'Por qué',
      aligned: 'Su cara',
      generated: 'Cómo sería una cara real',
      cue: 'Qué es distinto',
      advisory: 'Nada ha salido de este dispositivo. El resultado es orientativo.',
      again: 'Comprobar otra vez',
    },
    error: { title: 'No ha funcionado', retry: 'Intentar de nuevo' },
    cancel: 'Cancelar',
    hints: {
      face_not_found: 'No se ve ninguna cara',
      several_faces: 'Solo una persona, por favor',
      too_far: 'Acérquese',
      too_close: 'Aléjese un poco',
      off_centre: 'Colóquese en el centro',
      turned_away: 'Mire de frente a la cámara',
      hold_still: 'No se mueva',
      too_dark: 'Hace falta más luz',
      too_bright: 'Hay demasiada luz',
      blurred: 'La imagen está borrosa: limpie la lente y no se mueva',
    },
    reasons: {
      few_frames: 'Solo se pudieron comprobar pocas imágenes.',
      frames_disagree: 'Unas imágenes parecen reales y otras no.',
      near_threshold: 'La puntuación está demasiado cerca del límite. Inténtelo con luz uniforme y de frente a la cámara.',
      cue_strong: 'La cara difiere mucho de cómo se vería una real.',
      low_light: 'Había poca luz.',
      overexposed: 'Había demasiada luz.',
      blurred: 'Las imágenes estaban borrosas.',
      several_faces: 'Se vio más de una cara; se tomó la mayor.',
      gpu_failed: 'Falló el procesador gráfico; la comprobación se hizo en el procesador.',
    },
    errors: {
      no_face: 'No se encontró ninguna cara. Use una imagen de frente, bastante grande y bien iluminada.',
      face_cut: 'Parte de la cara queda fuera de la imagen. Muévase para que se vea entera.',
      frame_too_small: 'La imagen de la cámara es demasiado pequeña. Pruebe otra cámara.',
      photo_empty: 'El archivo está vacío. Elija otra foto.',
      photo_format_unknown: 'No es una imagen PNG, JPEG, GIF ni WebP, se llame como se llame.',
      photo_too_small: 'La foto tiene muy pocos píxeles. Elija una mayor.',
      photo_too_large: 'La foto tiene más píxeles de los que se pueden comprobar aquí. Elija una menor.',
      photo_truncated: 'El archivo termina antes que la imagen. Elija otra foto.',
      photo_unreadable: 'El archivo no se puede leer como imagen. Elija otra foto.',
      insecure_context: 'Los navegadores solo abren la cámara en páginas con https.',
      camera_permission_denied: 'Se denegó la cámara. Permítala en la barra de direcciones e inténtelo de nuevo.',
      camera_not_found: 'Este dispositivo no tiene una cámara que el navegador pueda usar. Conecte una.',
      camera_in_use: 'Parece que otro programa usa la cámara. Ciérrelo e inténtelo de nuevo.',
      camera_lost: 'La cámara se desconectó. Conéctela e inténtelo de nuevo.',
      timeout: 'Ha tardado demasiado. Inténtelo con luz uniforme y de frente a la cámara.',
      page_hidden: 'La comprobación se interrumpió. Mantenga esta página a la vista mientras la cámara esté encendida.',
      cancelled: 'La comprobación se detuvo.',
      asset_fetch_failed: 'No se cargó una parte de la comprobación. Revise su conexión e inténtelo de nuevo.',
      integrity_failed: `El modelo descargado fue alterado y no se usa. ${RELOAD}`,
      bundle_incompatible: `La página y el modelo son de versiones distintas. ${RELOAD}`,
      not_supported: 'Este navegador no puede hacer la comprobación. Use una versión actual de Chrome, Edge, Firefox o Safari.',
      wasm_failed: `La comprobación no pudo empezar. ${RELOAD}`,
      gpu_lost: 'El procesador gráfico se detuvo. Inténtelo de nuevo.',
      out_of_memory: 'No hay memoria suficiente. Cierre otras pestañas y programas y recargue la página.',
      internal: `Un error imprevisto detuvo la comprobación. ${RELOAD}`,
    },
  },
};

export default es;
