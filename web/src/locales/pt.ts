/** Portuguese. */

import type { Locale } from './texts.js';

export type { Locale, TextOverrides, Texts } from './texts.js';

const RELOAD = 'Recarregue a página; se não ajudar, avise os responsáveis.';

const pt: Locale = {
  lang: 'pt',
  direction: 'ltr',
  texts: {
    start: {
      title: 'Antes de começar',
      camera: 'O navegador vai pedir a câmera. Ela fica ligada alguns segundos para captar imagens do seu rosto.',
      local: 'As imagens são verificadas neste dispositivo. Não são enviadas a lugar nenhum.',
      kept: 'Nada é guardado. As imagens são descartadas quando você sai ou recomeça.',
      button: 'Ligar a câmera',
      photo: 'Escolher uma foto',
    },
    loading: {
      title: 'Carregando a verificação',
      some: '{loaded} MB',
      bytes: '{loaded} de {total} MB',
      prepare: 'Preparando',
    },
    camera: {
      title: 'Coloque o rosto no oval',
      instructions: 'Olhe de frente para a câmera e fique parado. Luz uniforme de frente funciona melhor.',
      preview: 'Imagem da câmera, espelhada',
      oval: 'Um oval no meio da imagem mostra onde seu rosto deve ficar. Você será avisado de como se mover.',
      choose: 'Câmera',
      taken: '{taken} de {wanted} imagens',
    },
    analysing: {
      title: 'Verificando',
      frame: 'Imagem {frame} de {frames}',
      stages: {
        decode: 'Ler a imagem',
        detect: 'Encontrar o rosto',
        align: 'Endireitá-lo',
        identify: 'Reconhecer os traços',
        generate: 'Desenhar o rosto real',
        cue: 'Comparar os dois',
        score: 'Avaliar a diferença',
      },
    },
    result: {
      outcomes: {
        live: { title: 'Pessoa real', sentence: 'Parece uma pessoa viva diante da câmera.' },
        spoof: { title: 'Fraude', sentence: 'Parece uma impressão, uma tela ou uma máscara, não uma pessoa viva.' },
        uncertain: { title: 'Incerto', sentence: 'Os sinais são fracos demais para decidir.' },
      },
      score: 'Pontuação {score}, real a partir de {threshold}. Imagens: {frames}, dispersão {spread}.',
      why: 'Por quê',
      aligned: 'Seu rosto',
      generated: 'Como seria um rosto real',
      cue: 'O que difere',
      advisory: 'Nada saiu deste dispositivo. O resultado é apenas indicativo.',
      again: 'Verificar de novo',
    },
    error: { title: 'Não deu certo', retry: 'Tentar de novo' },
    cancel: 'Cancelar',
    hints: {
      face_not_found: 'Nenhum rosto à vista',
      several_faces: 'Apenas uma pessoa, por favor',
      too_far: 'Chegue mais perto',
      too_close: 'Afaste-se um pouco',
      off_centre: 'Vá para o centro',
      turned_away: 'Olhe de frente para a câmera',
      hold_still: 'Fique parado',
      too_dark: 'É preciso mais luz',
      too_bright: 'Há luz demais',
      blurred: 'A imagem está borrada: limpe a lente e fique parado',
    },
    reasons: {
      few_frames: 'Só foi possível verificar poucas imagens.',
      frames_disagree: 'Algumas imagens parecem reais, outras não.',
      near_threshold: 'A pontuação está perto demais do limite. Tente com luz uniforme, de frente para a câmera.',
      cue_strong: 'O rosto difere muito de como seria um real.',
      low_light: 'Havia pouca luz.',
      overexposed: 'Havia luz demais.',
      blurred: 'As imagens estavam borradas.',
      several_faces: 'Mais de um rosto apareceu; o maior foi usado.',
      gpu_failed: 'O processador gráfico falhou; a verificação foi feita no processador.',
    },
    errors: {
      no_face: 'Nenhum rosto encontrado. Use uma imagem de frente, grande o bastante e bem iluminada.',
      face_cut: 'Parte do rosto está fora da imagem. Mova-se para que apareça inteiro.',
      frame_too_small: 'A imagem da câmera é pequena demais. Tente outra câmera.',
      photo_empty: 'O arquivo está vazio. Escolha outra foto.',
      photo_format_unknown: 'Não é uma imagem PNG, JPEG, GIF ou WebP, seja qual for o nome.',
      photo_too_small: 'A foto tem poucos pixels. Escolha uma maior.',
      photo_too_large: 'A foto tem mais pixels do que se pode verificar aqui. Escolha uma menor.',
      photo_truncated: 'O arquivo termina antes da imagem. Escolha outra foto.',
      photo_unreadable: 'O arquivo não pode ser lido como imagem. Escolha outra foto.',
      insecure_context: 'Os navegadores só abrem a câmera para páginas com https.',
      camera_permission_denied: 'A câmera foi recusada. Permita-a na barra de endereço e tente de novo.',
      camera_not_found: 'Este dispositivo não tem câmera que o navegador possa usar. Conecte uma.',
      camera_in_use: 'Outro programa parece usar a câmera. Feche-o e tente de novo.',
      camera_lost: 'A câmera foi desconectada ou retirada. Conecte-a e tente de novo.',
      timeout: 'Demorou demais. Tente com luz uniforme, de frente para a câmera.',
      page_hidden: 'A verificação foi interrompida. Mantenha esta página à frente enquanto a câmera estiver ligada.',
      cancelled: 'A verificação foi interrompida.',
      asset_fetch_failed: 'Uma parte da verificação não carregou. Veja sua conexão e tente de novo.',
      integrity_failed: `O modelo baixado foi alterado e não é usado. ${RELOAD}`,
      bundle_incompatible: `A página e o modelo são de versões diferentes. ${RELOAD}`,
      not_supported: 'Este navegador não consegue fazer a verificação. Use Chrome, Edge, Firefox ou Safari atualizado.',
      wasm_failed: `A verificação não pôde começar. ${RELOAD}`,
      gpu_lost: 'O processador gráfico parou. Tente de novo.',
      out_of_memory: 'Falta memória. Feche outras abas e programas e recarregue a página.',
      internal: `Um erro imprevisto parou a verificação. ${RELOAD}`,
    },
  },
};

export default pt;
