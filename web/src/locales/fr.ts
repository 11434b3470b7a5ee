/** French. */

import type { Locale } from './texts.js';

export type { Locale, TextOverrides, Texts } from './texts.js';

const RELOAD = 'Rechargez la page ; si cela ne suffit pas, prévenez ses responsables.';

const fr: Locale = {
  lang: 'fr',
  direction: 'ltr',
  texts: {
    start: {
      title: 'Avant de commencer',
      camera: 'Votre navigateur demandera l’accès à la caméra. Elle reste allumée quelques secondes pour photographier votre visage.',
      local: 'Les images sont vérifiées sur cet appareil. Elles ne sont envoyées nulle part.',
      kept: 'Rien n’est conservé. Les images sont effacées quand vous partez ou recommencez.',
      button: 'Allumer la caméra',
      photo: 'Choisir une photo',
    },
    loading: {
      title: 'Chargement de la vérification',
      some: '{loaded} Mo',
      bytes: '{loaded} sur {total} Mo',
      prepare: 'Préparation',
    },
    camera: {
      title: 'Placez votre visage dans l’ovale',
      instructions: 'Regardez droit vers la caméra sans bouger. Une lumière uniforme venant de face convient le mieux.',
      preview: 'Aperçu de la caméra, en miroir',
      oval: 'Un ovale au milieu de l’aperçu montre où placer votre visage. On vous dira comment bouger.',
      choose: 'Caméra',
      taken: '{taken} images sur {wanted}',
    },
    analysing: {
      title: 'Vérification en cours',
      frame: 'Image {frame} sur {frames}',
      stages: {
        decode: 'Lire l’image',
        detect: 'Trouver le visage',
        align: 'Le redresser',
        identify: 'Relever ses traits',
        generate: 'Dessiner le vrai visage',
        cue: 'Comparer les deux',
        score: 'Évaluer la différence',
      },
    },
    result: {
      outcomes: {
        live: { title: 'Personne réelle', sentence: 'Cela ressemble à une personne vivante devant la caméra.' },
        spoof: { title: 'Usurpation', sentence: 'Cela ressemble à une impression, un écran ou un masque, pas à une personne vivante.' },
        uncertain: { title: 'Incertain', sentence: 'Les indices sont trop faibles pour conclure.' },
      },
      score: 'Score {score}, réel à partir de {threshold}. Images : {frames}, écart {spread}.',
      why: 'Pourquoi',
      aligned: 'Votre visage',
      generated: 'À quoi ressemblerait un vrai visage',
      cue: 'Ce qui diffère',
      advisory: 'Rien n’a quitté cet appareil. Le résultat est indicatif.',
      again: 'Vérifier à nouveau',
    },
    error: { title: 'Cela n’a pas fonctionné', retry: 'Réessayer' },
    cancel: 'Annuler',
    hints: {
      face_not_found: 'Aucun visage en vue',
      several_faces: 'Une seule personne, s’il vous plaît',
      too_far: 'Approchez-vous',
      too_close: 'Reculez un peu',
      off_centre: 'Placez-vous au milieu',
      turned_away: 'Regardez droit vers la caméra',
      hold_still: 'Ne bougez plus',
      too_dark: 'Il faut plus de lumière',
      too_bright: 'Il y a trop de lumière',
      blurred: 'L’image est floue : essuyez l’objectif, ne bougez plus',
    },
    reasons: {
      few_frames: 'Peu d’images ont pu être vérifiées.',
      frames_disagree: 'Certaines images semblent réelles, d’autres non.',
      near_threshold: 'Le score est trop proche du seuil. Réessayez sous une lumière uniforme, face à la caméra.',
      cue_strong: 'Le visage diffère fortement de ce à quoi ressemblerait un vrai.',
      low_light: 'Il y avait peu de lumière.',
      overexposed: 'Il y avait trop de lumière.',
      blurred: 'Les images étaient floues.',
      several_faces: 'Plusieurs visages étaient visibles ; le plus grand a été retenu.',
      gpu_failed: 'Le processeur graphique a échoué ; la vérification a eu lieu sur le processeur.',
    },
    errors: {
      no_face: 'Aucun visage trouvé. Utilisez une image de face, assez grande et bien éclairée.',
      face_cut: 'Une partie du visage est hors de l’image. Déplacez-vous pour qu’il soit entièrement visible.',
      frame_too_small: 'L’image de la caméra est trop petite. Essayez une autre caméra.',
      photo_empty: 'Le fichier est vide. Choisissez une autre photo.',
      photo_format_unknown: 'Ce n’est pas une image PNG, JPEG, GIF ou WebP, quel que soit son nom.',
      photo_too_small: 'La photo a trop peu de pixels. Choisissez-en une plus grande.',
      photo_too_large: 'La photo a plus de pixels qu’on ne peut en vérifier ici. Choisissez-en une plus petite.',
      photo_truncated: 'Le fichier s’arrête avant l’image. Choisissez une autre photo.',
      photo_unreadable: 'Le fichier n’est pas lisible comme image. Choisissez une autre photo.',
      insecure_context: 'Les navigateurs n’ouvrent la caméra qu’aux pages en https.',
      camera_permission_denied: 'La caméra a été refusée. Autorisez-la dans la barre d’adresse et réessayez.',
      camera_not_found: 'Cet appareil n’a pas de caméra utilisable par le navigateur. Branchez-en une.',
      camera_in_use: 'Un autre programme semble utiliser la caméra. Fermez-le et réessayez.',
      camera_lost: 'La caméra a été débranchée ou retirée. Rebranchez-la et réessayez.',
      timeout: 'Cela a pris trop de temps. Réessayez sous une lumière uniforme, face à la caméra.',
      page_hidden: 'La vérification a été interrompue. Gardez cette page au premier plan tant que la caméra est allumée.',
      cancelled: 'La vérification a été arrêtée.',
      asset_fetch_failed: 'Une partie de la vérification n’a pas été chargée. Vérifiez votre connexion et réessayez.',
      integrity_failed: `Le modèle téléchargé a été altéré et n’est pas utilisé. ${RELOAD}`,
      bundle_incompatible: `La page et le modèle sont de versions différentes. ${RELOAD}`,
      not_supported: 'Ce navigateur ne peut pas faire la vérification. Utilisez Chrome, Edge, Firefox ou Safari à jour.',
      wasm_failed: `La vérification n’a pas pu démarrer. ${RELOAD}`,
      gpu_lost: 'Le processeur graphique s’est arrêté. Réessayez.',
      out_of_memory: 'La mémoire ne suffit pas. Fermez d’autres onglets et programmes, puis rechargez la page.',
      internal: `Une erreur imprévue a arrêté la vérification. ${RELOAD}`,
    },
  },
};

export default fr;
