/** English. */

import type { Locale } from './texts.js';

export type { Locale, TextOverrides, Texts } from './texts.js';

const RELOAD = 'Reload the page; if that does not help, tell the people who run it.';

const en: Locale = {
  lang: 'en',
  direction: 'ltr',
  texts: {
    start: {
      title: 'Before you start',
      camera: 'Your browser will ask for the camera. It is on for a few seconds, to take pictures of your face.',
      local: 'The pictures are checked on this device. They are not sent anywhere.',
      kept: 'Nothing is kept. The pictures are dropped when you leave or start again.',
      button: 'Start camera',
      photo: 'Choose a photo',
    },
    loading: {
      title: 'Loading the check',
      some: '{loaded} MB',
      bytes: '{loaded} of {total} MB',
      prepare: 'Getting ready',
    },
    camera: {
      title: 'Fit your face into the oval',
      instructions: 'Look straight at the camera and hold still. Even light from the front works best.',
      preview: 'Camera preview, mirrored',
      oval: 'An oval in the middle of the preview shows where your face should be. You will be told how to move.',
      choose: 'Camera',
      taken: '{taken} of {wanted} pictures',
    },
    analysing: {
      title: 'Checking',
      frame: 'Picture {frame} of {frames}',
      stages: {
        decode: 'Read the picture',
        detect: 'Find the face',
        align: 'Turn it upright',
        identify: 'Learn its features',
        generate: 'Draw the real face',
        cue: 'Compare the two',
        score: 'Weigh the difference',
      },
    },
    result: {
      outcomes: {
        live: { title: 'Live', sentence: 'This looks like a living person in front of the camera.' },
        spoof: { title: 'Spoof', sentence: 'This looks like a print, a screen or a mask, not a living person.' },
        uncertain: { title: 'Uncertain', sentence: 'The signs are too weak to say.' },
      },
      score: 'Score {score}, live from {threshold}. Pictures: {frames}, spread {spread}.',
      why: 'Why',
      aligned: 'Your face',
      generated: 'What a real face would look like',
      cue: 'What differs',
      advisory: 'Nothing left this device. The result is advisory.',
      again: 'Check again',
    },
    error: { title: 'That did not work', retry: 'Try again' },
    cancel: 'Cancel',
    hints: {
      face_not_found: 'No face in sight',
      several_faces: 'Only one person, please',
      too_far: 'Come closer',
      too_close: 'Move back a little',
      off_centre: 'Move into the middle',
      turned_away: 'Look straight at the camera',
      hold_still: 'Hold still',
      too_dark: 'More light is needed',
      too_bright: 'Less light is needed',
      blurred: 'The picture is blurred: wipe the lens, hold still',
    },
    reasons: {
      few_frames: 'Only a few pictures could be checked.',
      frames_disagree: 'Some pictures look live, others do not.',
      near_threshold: 'The score is too close to the threshold. Try again in even light, facing the camera.',
      cue_strong: 'The face differs strongly from what a real one would look like.',
      low_light: 'There was little light.',
      overexposed: 'There was too much light.',
      blurred: 'The pictures were blurred.',
      several_faces: 'More than one face was seen; the largest was taken.',
      gpu_failed: 'The graphics processor failed, so the check ran on the processor.',
    },
    errors: {
      no_face: 'No face was found. Use a picture that shows one from the front, large enough and well lit.',
      face_cut: 'Part of the face lies outside the picture. Move so that all of it can be seen.',
      frame_too_small: 'The camera’s picture is too small to see a face in. Try another camera.',
      photo_empty: 'The file is empty. Choose another photo.',
      photo_format_unknown: 'This is not a PNG, JPEG, GIF or WebP picture, whatever its name says.',
      photo_too_small: 'The photo has too few pixels to see a face in. Choose a larger one.',
      photo_too_large: 'The photo has more pixels than can be checked here. Choose a smaller one.',
      photo_truncated: 'The file stops before the picture does. Choose another photo.',
      photo_unreadable: 'The file cannot be read as a picture. Choose another photo.',
      insecure_context: 'Browsers open the camera only to pages over https.',
      camera_permission_denied: 'The camera was refused. Allow it for this page in the address bar and try again.',
      camera_not_found: 'This device has no camera that the browser can use. Connect one and try again.',
      camera_in_use: 'Another program seems to use the camera. Close it and try again.',
      camera_lost: 'The camera was disconnected or taken away. Connect it and try again.',
      timeout: 'This took too long. Try again in even light, facing the camera.',
      page_hidden: 'The check was interrupted. Keep this page in front while the camera is on.',
      cancelled: 'The check was stopped.',
      asset_fetch_failed: 'A part of the check did not load. Look at your connection and try again.',
      integrity_failed: `The downloaded model was altered, so it is not used. ${RELOAD}`,
      bundle_incompatible: `Page and model are of different versions. ${RELOAD}`,
      not_supported: 'This browser cannot run the check. Use a current Chrome, Edge, Firefox or Safari.',
      wasm_failed: `The check could not start. ${RELOAD}`,
      gpu_lost: 'The graphics processor stopped. Try again.',
      out_of_memory: 'There is not enough memory. Close other tabs and programs, and reload the page.',
      internal: `An error nobody foresaw stopped the check. ${RELOAD}`,
    },
  },
};

export default en;
